import { Injectable } from '@nestjs/common';
import { Database } from '@sallyport/platform';
import { hashSecret, type TokenOrigin } from '@sallyport/tokens';
import { type Enforcement, RequirementService } from '../requirement/requirement.service.js';
import { type FoundSignIn, SignInRows } from './sign-in-rows.js';

/** Sign-ins in progress with what they owe, in one journey. */
@Injectable()
export class PendingSignIns {
  constructor(
    private readonly database: Database,
    private readonly rows: SignInRows,
    private readonly requirement: RequirementService,
  ) {}

  /** @returns the live sign-in of this handle, null where there is none, and all that is owed, whatever has been proven. */
  async find(
    handle: string,
    origin: TokenOrigin,
  ): Promise<{ found: FoundSignIn | null; owed: Enforcement[] }> {
    // In this order: a sign-in that is found was there when it was asked what it owes (S37).
    const [{ owed }, found] = await this.database.pipeline((sql) =>
      Promise.all([this.requirement.ofSignIn(hashSecret(handle), sql), this.rows.find(handle, origin, sql)]),
    );
    return { found, owed };
  }
}
