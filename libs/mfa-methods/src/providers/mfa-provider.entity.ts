import { NamedRow } from '@sallyport/platform';
import { Column, Entity } from 'typeorm';
import type { MfaMethodType } from '../mfa-method.entity.js';

/** An MFA method as `/admin` knows it, under the name it has there: a row of a view over `mfa_methods` (contract appgate.md §4.1). */
@Entity('mfa_providers')
export class MfaProvider extends NamedRow {
  @Column('text')
  type!: MfaMethodType;

  @Column('text', { name: 'offered_at', array: true })
  offeredAt!: ('appgate' | 'vault')[];

  @Column('boolean', { name: 'built_in' })
  builtIn!: boolean;

  /** `inputType`, and the settings of the type; `RadiusConfig` for radius. */
  @Column('jsonb')
  config!: Record<string, unknown>;

  @Column('bytea', { name: 'sealed_shared_secret', nullable: true, select: false })
  sealedSharedSecret?: Buffer | null;

  @Column('bytea', { name: 'sealed_challenge_secret', nullable: true, select: false })
  sealedChallengeSecret?: Buffer | null;
}
