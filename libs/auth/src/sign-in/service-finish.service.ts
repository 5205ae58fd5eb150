import { Injectable } from '@nestjs/common';
import { type Actor } from '@sallyport/audit';
import { DomainError, type Transaction } from '@sallyport/platform';
import { type Finisher, FinishService } from './finish.service.js';
import { ServiceTokensService } from './service-tokens.service.js';

/** The last steps of every login at `/v1`, in the transaction that spends its factors (S18, S37). */
@Injectable()
export class ServiceFinishService {
  constructor(
    private readonly finishing: FinishService,
    private readonly serviceTokens: ServiceTokensService,
  ) {}

  /**
   * Judges anew, closes the sign-in, issues the token.
   * @throws DomainError `forbidden` code `disabled`; `invalid` code `invalid-request-id`, where password or requirement changed meanwhile;
   *   as `ServiceTokensService.issueForLogin`.
   */
  async issue(
    tx: Transaction,
    finisher: Finisher,
    mountId: string | null,
    path: string,
    sessionId: string,
    actor: Actor,
  ) {
    const judged = await this.finishing.judge(tx, finisher);
    if (!judged.ok)
      throw judged.why === 'disabled'
        ? new DomainError('forbidden', 'disabled', 'permission denied')
        : invalidRequest();
    await this.finishing.close(tx, finisher, judged, actor);
    return this.serviceTokens.issueForLogin(tx, finisher, { mountId, path, sessionId }, actor);
  }
}

/** One text for every request that is over, whatever ended it (contract vault.md §3.4). */
export function invalidRequest(): DomainError {
  return new DomainError('invalid', 'invalid-request-id', 'invalid request ID');
}
