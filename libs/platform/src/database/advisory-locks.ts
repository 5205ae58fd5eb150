import type { Transaction } from './database.js';

/** What one process does at a time in a whole database, each under a number of its own. */
export const ADVISORY_LOCKS = {
  migration: 0x5a11,
  firstStart: 0x5a12,
  keyRotation: 0x5a13,
  tokenSweep: 0x5a14,
  sweep: 0x5a15,
  auditSeal: 0x5a1d,
  auditRetention: 0x5a1e,
} as const;

/** @returns whether this transaction is the one that does it; until it ends nobody else does. */
export async function takesTurn(tx: Transaction, work: keyof typeof ADVISORY_LOCKS): Promise<boolean> {
  const [lock] = await tx.query<{ mine: boolean }>('SELECT pg_try_advisory_xact_lock($1) AS mine', [
    ADVISORY_LOCKS[work],
  ]);
  return lock?.mine === true;
}
