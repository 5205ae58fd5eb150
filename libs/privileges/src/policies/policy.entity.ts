import { Column, Entity, PrimaryColumn } from 'typeorm';

export type PolicyType = 'Access' | 'Device' | 'Dns' | 'Admin' | 'Mixed' | 'Stop';

/** Gives its roles to every user its expression says true for (contract appgate.md §5.4). */
@Entity('policies')
export class Policy {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('text', { name: 'name_canonical' })
  nameCanonical!: string;

  @Column('text')
  notes!: string;

  @Column('text', { array: true })
  tags!: string[];

  @Column('boolean', { name: 'built_in' })
  builtIn!: boolean;

  @Column('boolean')
  disabled!: boolean;

  @Column('text')
  type!: PolicyType;

  /** Body of a JavaScript function; runs in the sandbox only (S52). */
  @Column('text')
  expression!: string;

  @Column('uuid', { name: 'administrative_roles', array: true })
  administrativeRoles!: string[];

  /** What network clients read of it: stored and echoed, without effect here. */
  @Column('jsonb', { name: 'client_part' })
  clientPart!: Record<string, unknown>;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
