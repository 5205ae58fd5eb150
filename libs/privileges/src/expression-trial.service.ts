import { Injectable } from '@nestjs/common';
import { Database } from '@sallyport/platform';
import {
  type CallableScript,
  type ExpressionClaims,
  type ExpressionResult,
  ExpressionSandbox,
} from './expression/index.js';

/** Tries an expression on given claims (contract appgate.md §6.2), apart from the sign-ins of the moment. */
@Injectable()
export class ExpressionTrialService {
  constructor(
    private readonly database: Database,
    private readonly sandbox: ExpressionSandbox,
  ) {}

  /**
   * Criteria scripts are callable as in a policy. A failing expression is a result with `error`, never a throw.
   * @param at the instant it sees as now; absent: now.
   */
  async evaluate(expression: string, claims: ExpressionClaims, at?: Date): Promise<ExpressionResult> {
    const scripts = await this.database.query<{ name: string; expression: string } & CallableScript>(
      'SELECT name, expression FROM criteria_scripts ORDER BY name_canonical',
    );
    return this.sandbox.evaluate(expression, claims, scripts, { trial: true, ...(at && { at }) });
  }
}
