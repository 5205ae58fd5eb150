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
    const context = digest([claims, standing.criteriaScripts]);
    const matching: StandingPolicy[] = [];
    for (const policy of policies) {
      const result = await this.match(policy, claims, context, standing);
      if (result.error !== undefined) await this.failures.tell('policy', policy, result.error);
      if (result.matched) matching.push(policy);
    }
    return matching;
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
    return { ...claims, user: { ...claims.user, agScripted: Object.assign({}, ...results) as object } };
  }

  private async match(
    policy: StandingPolicy,
    claims: ExpressionClaims,
    context: string,
    standing: Standing,
  ): Promise<ExpressionResult> {
    const now = this.clock.now();
    const key = digest([context, policy.expression]);
    const known = this.matches.find(key, now);
    if (known !== undefined) return known;
    const result = await this.sandbox.evaluate(policy.expression, claims, standing.criteriaScripts);
    this.matches.keep(key, result, now, lifetimeOf(result));
    return result;
  }

  private async run(expression: string, claims: ExpressionClaims): Promise<ScriptResult> {
    const now = this.clock.now();
    const key = digest([claims, expression]);
    const known = this.results.find(key, now);
    if (known !== undefined) return known;
    const result = await this.sandbox.run(expression, claims);
    this.results.keep(key, result, now, lifetimeOf(result));
    return result;
  }
}

function lifetimeOf({ error }: { error?: string }): number {
  return error === undefined ? LIFETIME : LIFETIME_OF_FAILURE;
}

function digest(parts: unknown[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('base64');
}
