import { Column, Entity, PrimaryColumn } from 'typeorm';
import type { TotpAlgorithm } from './totp-code.js';

/**
 * A principal's seed for one TOTP method. Provisional while `provisionalFor` names the sign-in that made it; bound from then on.
 * `verified` = has accepted at least one right code.
 */
@Entity('totp_enrollments')
export class TotpEnrollment {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('uuid', { name: 'method_id' })
  methodId!: string;

  @Column('uuid', { name: 'principal_id' })
  principalId!: string;

  @Column('bytea', { name: 'sealed_seed' })
  sealedSeed!: Buffer;

  /** Changes with the seed, and not where the same seed is only sealed anew (S68). Kept by a trigger. */
  @Column({ type: 'uuid', name: 'seed_version', insert: false, update: false })
  seedVersion!: string;

  @Column('text')
  algorithm!: TotpAlgorithm;

  @Column('integer')
  digits!: number;

  @Column('integer')
  period!: number;

  @Column('integer')
  skew!: number;

  @Column('uuid', { name: 'provisional_for', nullable: true })
  provisionalFor!: string | null;

  @Column('timestamptz', { name: 'bound_at', nullable: true })
  boundAt!: Date | null;

  @Column('timestamptz', { name: 'verified_at', nullable: true })
  verifiedAt!: Date | null;

  /** Stopped by the failure counter until rebound (S20). */
  @Column('timestamptz', { name: 'disabled_at', nullable: true })
  disabledAt!: Date | null;

  /** The highest time step a code was accepted for (RFC 6238 §5.2). */
  @Column('bigint', { name: 'last_used_step', nullable: true })
  lastUsedStep!: string | null;

  @Column('timestamptz', { name: 'last_used_at', nullable: true })
  lastUsedAt!: Date | null;

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;
}
