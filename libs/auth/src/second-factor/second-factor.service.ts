import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  EnrolmentWindowService,
  type FactorAttempt,
  type FactorRefusal,
  FactorsService,
  type FactorVerdict,
  type MfaMethod,
  type ProvenFactor,
} from '@sallyport/mfa-methods';
import { Clock, Metrics, type StepOutcome, type Transaction } from '@sallyport/platform';
import type { CompletedFactor } from '@sallyport/tokens';
import type { Enforcement } from '../requirement/requirement.service.js';

/**
 * What came for one method: a code (null: nothing typed) and the state of its challenge, or why it cannot be read.
 * Undefined: nothing came at all.
 */
export type Credential = { code: string | null; state?: string | null } | { problem: string };
export type CredentialFor = (method: MfaMethod) => Credential | undefined;

export type MethodRefusal = {
  method: MfaMethod;
  refusal: FactorRefusal | { reason: 'unreadable'; problem: string };
};

/** The first enforcement that is not satisfied, and why. `refusals` is empty where nothing came for any of its methods. */
export interface Unsatisfied {
  enforcement: Enforcement;
  refusals: MethodRefusal[];
}

export interface Prover {
  principalId: string;
  /** The sign-in in progress (S59). */
  signInId: string;
  /** Aborted when whoever waits has gone. */
  signal?: AbortSignal | undefined;
  actor: Actor;
}

/** Evaluates second factors against what is owed: all enforcements, any method of each (contract vault.md §3.1, §3.6). */
@Injectable()
export class SecondFactorService {
  constructor(
    private readonly factors: FactorsService,
    private readonly window: EnrolmentWindowService,
    private readonly clock: Clock,
    private readonly metrics: Metrics,
  ) {}

  /**
   * Looks at each distinct method once, in the enforcements' order; the first right one satisfies its enforcement.
   * @returns what was proven and must now be spent or released, or what is missing (then everything is released).
   */
  async prove(
    owed: Enforcement[],
    credentialFor: CredentialFor,
    prover: Prover,
  ): Promise<{ proven: ProvenFactor[] } | { unsatisfied: Unsatisfied }> {
    const verdicts = new Map<string, FactorVerdict>();
    const proven: ProvenFactor[] = [];
    try {
      for (const enforcement of owed) {
        const refusals = await this.satisfy(enforcement, credentialFor, prover, verdicts, proven);
        if (refusals === null) continue;
        await releaseAll(proven);
        return { unsatisfied: { enforcement, refusals } };
      }
    } catch (error) {
      await releaseAll(proven);
      throw error;
    }
    return { proven };
  }

  /** What was proven just now, as a sign-in and its token keep it. */
  completed(proven: ProvenFactor[]): CompletedFactor[] {
    const time = this.clock.now().toISOString();
    return proven.map(({ method }) => ({ methodId: method.id, type: method.type, time }));
  }

  /**
   * Spends everything in the transaction that finishes the step. A first right code binds a factor only where that may be (S60).
   * @param earlier what this sign-in had proven before.
   * @returns null when all of it is spent; else the method somebody else was faster with: then the transaction is to be undone.
   */
  async spend(
    tx: Transaction,
    proven: ProvenFactor[],
    earlier: readonly CompletedFactor[] = [],
  ): Promise<MfaMethod | null> {
    const methodIds = [...earlier.map(({ methodId }) => methodId), ...proven.map(({ method }) => method.id)];
    for (const { method, bindsFor } of proven)
      if (bindsFor !== undefined && !(await this.window.enter(tx, bindsFor, methodIds))) return method;
    // One order for everybody: two sign-ins that share methods cannot wait for each other.
    const inOrder = proven.toSorted((one, other) => (one.method.id < other.method.id ? -1 : 1));
    const spent = await Promise.all(inOrder.map((factor) => factor.spend(tx)));
    return inOrder.find((_, index) => !spent[index])?.method ?? null;
  }

  private async judge(attempt: FactorAttempt): Promise<FactorVerdict> {
    const verdict = await this.factors.verify(attempt);
    this.metrics.countStep(attempt.method.type, outcomeOf(verdict));
    return verdict;
  }

  /** @returns null when satisfied, else why not. */
  private async satisfy(
    enforcement: Enforcement,
    credentialFor: CredentialFor,
    prover: Prover,
    verdicts: Map<string, FactorVerdict>,
    proven: ProvenFactor[],
  ): Promise<MethodRefusal[] | null> {
    if (proven.some(({ method }) => enforcement.methodIds.includes(method.id))) return null;
    const refusals: MethodRefusal[] = [];
    for (const method of enforcement.methods) {
      const credential = credentialFor(method);
      if (credential === undefined) continue;
      if ('problem' in credential) {
        refusals.push({ method, refusal: { reason: 'unreadable', problem: credential.problem } });
        continue;
      }
      const verdict =
        verdicts.get(method.id) ??
        (await this.judge({ ...prover, method, credential: credential.code, state: credential.state }));
      verdicts.set(method.id, verdict);
      if ('refused' in verdict) {
        refusals.push({ method, refusal: verdict.refused });
        continue;
      }
      proven.push(verdict.proven);
      return null;
    }
    return refusals;
  }
}

/** As it is counted: what could not be judged is `refused`. */
function outcomeOf(verdict: FactorVerdict): StepOutcome {
  if (!('refused' in verdict)) return 'accepted';
  return OUTCOMES[verdict.refused.reason] ?? 'refused';
}

const OUTCOMES: Partial<Record<FactorRefusal['reason'], StepOutcome>> = {
  wrong: 'wrong',
  'push-rejected': 'wrong',
  throttled: 'throttled',
  silent: 'unanswered',
  'push-timed-out': 'unanswered',
};

export async function releaseAll(proven: ProvenFactor[]): Promise<void> {
  for (const factor of proven) await factor.release();
}
