import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { AdministrativePrivilege } from '../administrative-privilege.js';

/** A named set of privileges; users get it through policies only (contract appgate.md §3.7, §5.4). */
@Entity('administrative_roles')
export class AdministrativeRole {
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

  @Column('jsonb')
  privileges!: AdministrativePrivilege[];

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
