import { Column, Entity, PrimaryColumn } from 'typeorm';

export type MfaMethodType = 'totp' | 'fido2' | 'radius' | 'duo' | 'okta' | 'pingid';

/** Types that somebody outside judges by a push; they are of `/v1` alone (contract appgate.md §2.10). */
export const PUSH_SERVICES: readonly MfaMethodType[] = ['duo', 'okta', 'pingid'];

/** One configured way to prove a second factor. `/admin`: MFA provider; `/v1`: MFA method. */
@Entity('mfa_methods')
export class MfaMethod {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  type!: MfaMethodType;

  /** The name at `/v1`; many methods may have none. */
  @Column('text', { nullable: true })
  name!: string | null;

  @Column('text', { name: 'name_canonical', nullable: true })
  nameCanonical!: string | null;

  /** The name at `/admin`; null where it is not offered there. */
  @Column('text', { name: 'provider_name', nullable: true })
  providerName!: string | null;

  @Column('text', { name: 'provider_name_canonical', nullable: true })
  providerNameCanonical!: string | null;

  /** Which dialects show it. */
  @Column('text', { name: 'offered_at', array: true })
  offeredAt!: ('appgate' | 'vault')[];

  @Column('boolean', { name: 'built_in' })
  builtIn!: boolean;

  /** Settings of the type: `TotpConfig`, `DuoConfig`, `OktaConfig`, `PingidConfig`, `RadiusConfig`. */
  @Column('jsonb')
  config!: Record<string, unknown>;

  /** Keys of a push service, as one sealed JSON object; null for types that have none. */
  @Column('bytea', { name: 'sealed_vendor_secrets', nullable: true, select: false })
  sealedVendorSecrets?: Buffer | null;

  @Column('text')
  notes!: string;

  @Column('text', { array: true })
  tags!: string[];

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}
