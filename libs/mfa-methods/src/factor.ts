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
  /** The state of a challenge, where the client sent one back: then it must be the one that was issued. */
  state?: string | null;
  /** Aborted when whoever waits has gone: then nobody waits for a push any longer. */
  signal?: AbortSignal | undefined;
  actor: Actor;
}

/** A person about to prove a factor, after the first was proven. */
export interface FactorBeginning {
  method: MfaMethod;
  principalId: string;
  /** The account's name, for whoever judges the factor outside. */
  username: string;
  signInId: string;
  /** The password again, for methods that pass it on; null where none came. */
  userPassword: string | null;
  /** Methods proven in this sign-in already: whoever has factors adds none without one of them (S60). */
  provenMethodIds?: readonly string[];
  actor: Actor;
}

/** What the person is asked for. */
export type BegunFactor =
  /** A new seed, base32. */
  | { kind: 'secret'; secret: string }
  /** There is something to prove it with, or nothing can be made here. */
  | { kind: 'already-seeded' }
  /** `timeout` in seconds; `message` and `state` (base64) where an outside server gave them. */
  | { kind: 'challenge'; timeout: number; message?: string; state?: string }
  /** Approved elsewhere, while the next step waits; `sendPassword`: that step wants the password. */
  | { kind: 'push'; timeout: number; sendPassword: boolean }
  | { kind: 'refused'; refusal: FactorRefusal };

/** Why a factor was not proven. Dialects that must not tell them apart give all but `throttled` one answer (S23). */
export type FactorRefusal =
  | { reason: 'wrong' }
  | { reason: 'missing' }
  /** `hasAny`: whether the person has a secret for any other method. */
  | { reason: 'not-enrolled'; hasAny: boolean }
  /** Waiting: `waitSeconds` is the whole wait, `retryAfter` what is left of it. */
  | { reason: 'throttled'; freeTries: number; waitSeconds: number; retryAfter: number }
  /** Whoever judges this factor outside did not answer; the try counts neither way. */
  | { reason: 'silent' }
  /** A service outside said no; `message` is the one line of it that may be shown. */
  | { reason: 'service-denied'; message: string }
  /** A push was refused, or nobody answered it. */
  | { reason: 'push-rejected' }
  | { reason: 'push-timed-out' }
  /** A service outside wants a number confirmed that cannot be shown to the person (S25). */
  | { reason: 'number-not-shown' }
  /** A service outside knows nothing to send a push to; or does not know who is meant. */
  | { reason: 'no-push-device' }
  | { reason: 'no-such-person' }
  | { reason: 'several-such-persons' }
  | { reason: 'unsupported-type' };

/** A credential that was right, and is not spent yet: exactly one of `spend` and `release` follows. */
export interface ProvenFactor {
  method: MfaMethod;
  /**
   * Spends it in the transaction that finishes the step (S18): the conditional statement that decides races.
   * False: somebody else spent it first, or the authenticator changed; then the transaction is to be undone.
   */
  spend(tx: Transaction): Promise<boolean>;
  /** Whose first right code it is: spending it binds a new factor, which not everybody may (S60). */
  readonly bindsFor?: string;
  /** The step was not finished after all: the try counts neither as failure nor as success. */
  release(): Promise<void>;
}

export type FactorVerdict = { proven: ProvenFactor } | { refused: FactorRefusal };

/** What every type of method offers. A new type is a sibling folder whose service implements this. */
export interface FactorType {
  readonly type: MfaMethod['type'];
  /** Whether this person can be asked for it in a sign-in at `/admin` (contract appgate.md §2.10). */
  canBeAskedOf(method: MfaMethod, principalId: string): Promise<boolean>;
  /** Prepares the proof, where the type needs that. */
  begin?(beginning: FactorBeginning): Promise<BegunFactor>;
  verify(attempt: FactorAttempt): Promise<FactorVerdict>;
}

/** Injection token of the list of types that are built. */
export const FACTOR_TYPES = Symbol('FACTOR_TYPES');
