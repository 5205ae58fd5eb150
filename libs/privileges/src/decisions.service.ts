import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '@sallyport/platform';
import { DecisionCache, LIFETIME, LIFETIME_OF_FAILURE } from './decision-cache.js';
import {
  ExpressionSandbox,
  type ExpressionClaims,
  type ExpressionResult,
  type ScriptResult,
} from './expression/index.js';
import { FailuresService } from './messages/failures.service.js';
import { claimsOf, type Subject } from './policies/user-claims.js';
import type { Standing, StandingPolicy } from './standing.js';

/** Asks the sandbox what policies and scripts say of a user, and remembers the answer for a moment (contract appgate.md §5.4). */
@Injectable()
export class DecisionsService {
  private readonly matches = new DecisionCache<ExpressionResult>();
  private readonly results = new DecisionCache<ScriptResult>();

  constructor(
    private readonly sandbox: ExpressionSandbox,
    private readonly clock: Clock,
    private readonly failures: FailuresService,
  ) {}

  /** The policies whose expression says true. One that fails is no match and a message (S52). */
  async matching(
    standing: Standing,
    subject: Subject,
    policies = standing.policies,
  ): Promise<StandingPolicy[]> {
    const claims = await this.claims(standing, subject);
    const ask = this.asking(standing, claims);
    const matching: StandingPolicy[] = [];
    for (const policy of policies) {
      const result = await ask(policy);
      if (result.error !== undefined) await this.failures.tell('policy', policy, result.error);
      if (result.matched) matching.push(policy);
    }
    return matching;
  }

  /**
   * The policies that might say true in some sign-in of the user: those that do without looking at what only a sign-in tells, and all that
   * look at it, or at the time (S49).
   */
  async possible(standing: Standing): Promise<StandingPolicy[]> {
    const claims = claimsOf(standing.user, standing.provider, NO_SIGN_IN);
    const results: object[] = [];
    let watched: readonly string[][] = OF_A_SIGN_IN;
    for (const script of standing.userScripts) {
      const { value, looked } = await this.run(script.expression, claims, OF_A_SIGN_IN);
      if (looked) watched = [...OF_A_SIGN_IN, SCRIPTED];
      if (value !== null) results.push(value);
    }
    const ask = this.asking(standing, withScripted(claims, results), watched);
    const possible: StandingPolicy[] = [];
    for (const policy of standing.policies) {
      const { matched, looked } = await ask(policy);
      if (matched || looked) possible.push(policy);
    }
    return possible;
  }

  /** Lets the next question run anew. */
  forget(): void {
    this.matches.forget();
    this.results.forget();
  }

  /** What expressions see, with the merged results of the provider's user scripts; one that fails adds nothing. */
  async claims(standing: Standing, subject: Subject): Promise<ExpressionClaims> {
    const claims = claimsOf(standing.user, standing.provider, subject);
    const results: object[] = [];
    for (const script of standing.userScripts) {
      const { value, error } = await this.run(script.expression, claims);
      if (error !== undefined) await this.failures.tell('user-script', script, error);
      if (value !== null) results.push(value);
    }
    return withScripted(claims, results);
  }

  /** @param watched as in `EvaluationOptions`. */
  private asking(
    { criteriaScripts }: Standing,
    claims: ExpressionClaims,
    watched?: readonly string[][],
  ): (policy: StandingPolicy) => Promise<ExpressionResult> {
    const context = digest([claims, criteriaScripts, watched]);
    return ({ expression }) =>
      this.remembered(this.matches, digest([context, expression]), () =>
        this.sandbox.evaluate(expression, claims, criteriaScripts, { watched }),
      );
  }

  private run(
    expression: string,
    claims: ExpressionClaims,
    watched?: readonly string[][],
  ): Promise<ScriptResult> {
    return this.remembered(this.results, digest([claims, expression, watched]), () =>
      this.sandbox.run(expression, claims, { watched }),
    );
  }

  private async remembered<Result extends { error?: string }>(
    cache: DecisionCache<Result>,
    key: string,
    evaluate: () => Promise<Result>,
  ): Promise<Result> {
    const now = this.clock.now();
    const known = cache.find(key, now);
    if (known !== undefined) return known;
    const result = await evaluate();
    cache.keep(key, result, now, lifetimeOf(result));
    return result;
  }
}

/** Nothing is known of it. */
const NO_SIGN_IN = { deviceId: null, clientAddress: null, connectTime: null };
/** Claims that only a sign-in tells. */
const OF_A_SIGN_IN = [['device'], ['system']];
const SCRIPTED = ['user', 'agScripted'];

function withScripted(claims: ReturnType<typeof claimsOf>, results: object[]): ExpressionClaims {
  return { ...claims, user: { ...claims.user, agScripted: Object.assign({}, ...results) as object } };
}

function lifetimeOf({ error }: { error?: string }): number {
  return error === undefined ? LIFETIME : LIFETIME_OF_FAILURE;
}

function digest(parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
