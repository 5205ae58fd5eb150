import type { Actor } from '@sallyport/audit';
import type { Transaction } from '@sallyport/platform';
import type { MfaMethod } from './mfa-method.entity.js';

/** One try to prove a second factor, after the first was proven. */
export interface FactorAttempt {
  method: MfaMethod;
  principalId: string;
  /** What the person typed; null where nothing came. */
  credential: string | null;
  /** The sign-in (or token) in progress: a provisional seed is good only for the one that made it (S59). */
  signInId: string;
  actor: Actor;
}

/** Why a factor was not proven. Dialects that must not tell them apart give all but `throttled` one answer (S23). */
export type FactorRefusal =
  | { reason: 'wrong' }
  | { reason: 'missing' }
  /** `hasAny`: whether the person has a secret for any other method. */
  | { reason: 'not-enrolled'; hasAny: boolean }
  /** Waiting: `waitSeconds` is the whole wait, `retryAfter` what is left of it. */
  | { reason: 'throttled'; freeTries: number; waitSeconds: number; retryAfter: number }
  | { reason: 'unsupported-type' };

/** A credential that was right, and is not spent yet: exactly one of `spend` and `release` follows. */
export interface ProvenFactor {
  method: MfaMethod;
  /**
   * Spends it in the transaction that finishes the step (S18): the conditional statement that decides races.
   * False: somebody else spent it first, or the authenticator changed.
   */
  spend(tx: Transaction): Promise<boolean>;
  /** The step was not finished after all: the try counts neither as failure nor as success. */
  release(): Promise<void>;
}

export type FactorVerdict = { proven: ProvenFactor } | { refused: FactorRefusal };

/** What every type of method offers. A new type is a sibling folder whose service implements this. */
export interface FactorType {
  readonly type: MfaMethod['type'];
  verify(attempt: FactorAttempt): Promise<FactorVerdict>;
}

/** Injection token of the list of types that are built. */
export const FACTOR_TYPES = Symbol('FACTOR_TYPES');
