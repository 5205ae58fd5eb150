import { NamedRow } from '@sallyport/platform';
import { Column, Entity } from 'typeorm';
import type { AdministrativePrivilege } from '../administrative-privilege.js';

/** A named set of privileges; users get it through policies only (contract appgate.md §3.7, §5.4). */
@Entity('administrative_roles')
export class AdministrativeRole extends NamedRow {
  @Column('boolean', { name: 'built_in' })
  builtIn!: boolean;

  @Column('jsonb')
  privileges!: AdministrativePrivilege[];
}
