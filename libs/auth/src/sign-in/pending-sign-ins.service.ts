import { Injectable } from '@nestjs/common';
import type { Reads } from '@sallyport/platform';
import { hashSecret, type TokenOrigin } from '@sallyport/tokens';
import { type Enforcement, RequirementService } from '../requirement/requirement.service.js';
import { type FoundSignIn, SignInRows } from './sign-in-rows.js';

/** Sign-ins in progress with what they owe. */
@Injectable()
export class PendingSignIns {
  constructor(
    private readonly rows: SignInRows,
    private readonly requirement: RequirementService,
  ) {}

  /**
   * @param reads of `Database.gather`: the statements run in their order.
   * @returns the live sign-in of this secret, null where there is none, and all that its person owes, whatever has been proven; also where it is
   * a token's secret instead.
   */
  async find(
    secret: string,
    origin: TokenOrigin,
    reads: Reads,
  ): Promise<{ found: FoundSignIn | null; owed: Enforcement[] }> {
    // In this order: a sign-in that is found was there when it was asked what it owes (S37).
    const [{ owed }, found] = await Promise.all([
      this.requirement.ofSecret(hashSecret(secret), reads),
      this.rows.find(secret, origin, reads),
    ]);
    return { found, owed };
  }
}
