import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { Clock, Keyring, type Transaction } from '@sallyport/platform';
import { MfaMethod } from '../mfa-method.entity.js';
import { seedPlace, TotpEnrollmentsService } from './totp-enrollments.service.js';

/** Authenticators that go from one person to another, where two become one (contract vault.md §10). */
@Injectable()
export class TotpTransferService {
  constructor(
    private readonly enrollments: TotpEnrollmentsService,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /** The first method of which both persons have an authenticator of their own; null: of none. */
  async conflictOf(tx: Transaction, fromId: string, toId: string): Promise<string | null> {
    const [row] = await tx.query<{ method_id: string }>(CONFLICT, [fromId, toId]);
    return row?.method_id ?? null;
  }

  /**
   * Moves bound authenticators with their last used steps and their failures (S20); where the other has one of the same method, that
   * one stays. A seed is bound to its person by its seal, so it is sealed anew.
   */
  async move(tx: Transaction, fromId: string, toId: string, actor: Actor): Promise<void> {
    const rows = await tx.query<{ method_id: string; sealed_seed: Buffer }>(MOVABLE, [fromId, toId]);
    for (const { method_id: methodId, sealed_seed: sealed } of rows) {
      const seed = await this.keyring.unseal(sealed, seedPlace(methodId, fromId));
      const sealedAnew = await this.keyring.seal(seed, seedPlace(methodId, toId));
      // What the other had begun for this method gives way.
      await tx.execute('DELETE FROM totp_enrollments WHERE method_id = $1 AND principal_id = $2', [
        methodId,
        toId,
      ]);
      await tx.execute(
        'UPDATE totp_enrollments SET principal_id = $3, sealed_seed = $4 WHERE method_id = $1 AND principal_id = $2',
        [methodId, fromId, toId, sealedAnew],
      );
      await tx.execute(MOVE_FAILURES, [methodId, fromId, toId, this.clock.now()]);
      const method = await tx.manager.getRepository(MfaMethod).findOneByOrFail({ id: methodId });
      await this.enrollments.bound(tx, method, toId, actor);
    }
  }
}

const CONFLICT = `
  SELECT f.method_id FROM totp_enrollments f JOIN totp_enrollments t ON t.method_id = f.method_id AND t.principal_id = $2
  WHERE f.principal_id = $1 AND f.bound_at IS NOT NULL AND t.bound_at IS NOT NULL ORDER BY 1 LIMIT 1`;

const MOVABLE = `
  SELECT f.method_id, f.sealed_seed FROM totp_enrollments f
  WHERE f.principal_id = $1 AND f.bound_at IS NOT NULL AND NOT EXISTS (
    SELECT 1 FROM totp_enrollments t WHERE t.method_id = f.method_id AND t.principal_id = $2 AND t.bound_at IS NOT NULL)
  ORDER BY 1 FOR UPDATE OF f`;

const MOVE_FAILURES = `
  INSERT INTO factor_throttles AS t (principal_id, method_id, failures, booked, booked_at, wait_until, updated_at)
  SELECT $3, method_id, failures, booked, booked_at, wait_until, $4 FROM factor_throttles WHERE method_id = $1 AND principal_id = $2
  ON CONFLICT (principal_id, method_id) DO UPDATE SET failures = greatest(t.failures, excluded.failures),
    wait_until = greatest(t.wait_until, excluded.wait_until), updated_at = excluded.updated_at`;
