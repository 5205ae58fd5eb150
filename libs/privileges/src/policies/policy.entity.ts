import { NamedRow } from '@sallyport/platform';
import { Column, Entity } from 'typeorm';

export type PolicyType = 'Access' | 'Device' | 'Dns' | 'Admin' | 'Mixed' | 'Stop';

/** Gives its roles to every user its expression says true for (contract appgate.md §5.4). */
@Entity('policies')
export class Policy extends NamedRow {
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
}
