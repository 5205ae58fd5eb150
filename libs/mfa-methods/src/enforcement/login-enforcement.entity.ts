import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Which sign-ins owe which methods (contract vault.md §6). Several enforcements are all owed; of one's methods any will do. */
@Entity('login_enforcements')
export class LoginEnforcement {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  /** In the order they are tried. */
  @Column('uuid', { name: 'mfa_method_ids', array: true })
  mfaMethodIds!: string[];

  @Column('text', { name: 'auth_method_accessors', array: true })
  authMethodAccessors!: string[];

  @Column('text', { name: 'auth_method_types', array: true })
  authMethodTypes!: string[];

  @Column('uuid', { name: 'identity_group_ids', array: true })
  identityGroupIds!: string[];

  @Column('uuid', { name: 'identity_entity_ids', array: true })
  identityEntityIds!: string[];

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
