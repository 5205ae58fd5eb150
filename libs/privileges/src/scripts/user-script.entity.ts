import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Adds claims of its own to the users of the providers that name it: `claims.user.agScripted` (contract appgate.md §5.4, §6.1). */
@Entity('user_scripts')
export class UserScript {
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

  /** Body of a JavaScript function; runs in the sandbox only (S52). */
  @Column('text')
  expression!: string;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
