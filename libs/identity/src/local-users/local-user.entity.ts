import { Column, Entity, PrimaryColumn } from 'typeorm';

/** What tokens of this user look like at `/v1` (vault.md §8); times in seconds. Absent means the mount's default. */
export interface TokenSettings {
  policies?: string[];
  ttl?: number;
  maxTtl?: number;
  explicitMaxTtl?: number;
  period?: number;
  numUses?: number;
  boundCidrs?: string[];
  noDefaultPolicy?: boolean;
  type?: '' | 'default' | 'service';
  /** Legacy field names the writer used; they are answered again. */
  legacy?: ('policies' | 'ttl' | 'max_ttl' | 'bound_cidrs')[];
}

/** A user with a password, of the provider `local` or of a further userpass mount. */
@Entity('local_users')
export class LocalUser {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'account_id' })
  accountId!: string;

  @Column('uuid', { name: 'identity_provider_id' })
  identityProviderId!: string;

  @Column('text')
  name!: string;

  @Column('text', { name: 'name_canonical' })
  nameCanonical!: string;

  /** Argon2id in PHC form (S04); read only where a password is checked. */
  @Column('text', { name: 'password_hash', select: false })
  passwordHash!: string;

  /** Grows with each new password, rename and disabling: a sign-in begun before cannot be finished after (S37). */
  @Column('integer', { name: 'credential_version' })
  credentialVersion!: number;

  @Column('text', { name: 'first_name' })
  firstName!: string;

  @Column('text', { name: 'last_name' })
  lastName!: string;

  @Column('text', { nullable: true })
  email!: string | null;

  @Column('text', { nullable: true })
  phone!: string | null;

  @Column('text')
  notes!: string;

  @Column('text', { array: true })
  tags!: string[];

  @Column('boolean')
  disabled!: boolean;

  @Column('integer', { name: 'failed_login_attempts' })
  failedLoginAttempts!: number;

  @Column('timestamptz', { name: 'lock_start', nullable: true })
  lockStart!: Date | null;

  @Column('boolean', { name: 'built_in' })
  builtIn!: boolean;

  /** False for a user made under an already exempted name by somebody who may not exempt (S53). */
  @Column('boolean', { name: 'exemption_counts' })
  exemptionCounts!: boolean;

  @Column('jsonb', { name: 'token_settings' })
  tokenSettings!: TokenSettings;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
