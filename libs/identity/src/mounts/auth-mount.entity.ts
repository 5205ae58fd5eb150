import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { MountLockout } from './mount-lockout.js';

/** An identity provider as `/v1` sees it: a path with an accessor that never changes (vault.md §1.4). */
@Entity('auth_mounts')
export class AuthMount {
  @PrimaryColumn('uuid')
  id!: string;

  /** Null for the token mount only. */
  @Column('uuid', { name: 'identity_provider_id', nullable: true })
  identityProviderId!: string | null;

  @Column('text')
  type!: 'userpass' | 'token';

  /** One path segment, without slashes. */
  @Column('text')
  path!: string;

  @Column('text')
  accessor!: string;

  @Column('boolean')
  attached!: boolean;

  @Column('text')
  description!: string;

  /** Seconds; 0 means the system's default (768 h). */
  @Column('integer', { name: 'default_lease_ttl' })
  defaultLeaseTtl!: number;

  /** Seconds; 0 means the system's default (768 h). */
  @Column('integer', { name: 'max_lease_ttl' })
  maxLeaseTtl!: number;

  @Column('text', { name: 'listing_visibility', nullable: true })
  listingVisibility!: string | null;

  @Column('text', { name: 'token_type' })
  tokenType!: string;

  /** Null: never tuned. */
  @Column('jsonb', { name: 'user_lockout_config', nullable: true })
  userLockout!: MountLockout | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
