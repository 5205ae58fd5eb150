import { NamedRow } from '@sallyport/platform';
import { Column, Entity } from 'typeorm';

export type IdentityProviderType =
  | 'LocalDatabase'
  | 'ServiceDatabase'
  | 'Ldap'
  | 'LdapCertificate'
  | 'Radius'
  | 'Saml'
  | 'Connector'
  | 'Oidc'
  | 'Userpass';

export interface ClaimMapping {
  attributeName: string;
  claimName: string;
  list: boolean;
  encrypt: boolean;
}

/** Where a first factor is proven. `Userpass`: the user store of a further `/v1` mount, not seen at `/admin`. */
@Entity('identity_providers')
export class IdentityProvider extends NamedRow {
  @Column('text')
  type!: IdentityProviderType;

  @Column('boolean', { name: 'built_in' })
  builtIn!: boolean;

  /** Whether it may sign in at `/admin`. */
  @Column('boolean', { name: 'admin_provider' })
  adminProvider!: boolean;

  @Column('integer', { name: 'min_password_length' })
  minPasswordLength!: number;

  @Column('integer', { name: 'user_lockout_threshold' })
  userLockoutThreshold!: number;

  @Column('integer', { name: 'user_lockout_duration_minutes' })
  userLockoutDurationMinutes!: number;

  @Column('boolean', { name: 'block_common_passwords' })
  blockCommonPasswords!: boolean;

  @Column('jsonb', { name: 'claim_mappings' })
  claimMappings!: ClaimMapping[];

  /** Those that add claims to its users, in their order. */
  @Column('uuid', { name: 'user_scripts', array: true })
  userScripts!: string[];

  /** What its type has beside, kept for clients and without effect here (appgate.md §5.3). */
  @Column('jsonb')
  settings!: Record<string, unknown>;

  /** The one secret its type has (shared secret, password, key); read only where it is needed. */
  @Column('bytea', { name: 'sealed_secret', nullable: true, select: false })
  sealedSecret?: Buffer | null;
}
