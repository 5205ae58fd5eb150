import { Injectable } from '@nestjs/common';
import { type Actor } from '@sallyport/audit';
import { DomainError, type Transaction } from '@sallyport/platform';
import { type Token } from '@sallyport/tokens';
import { type Finisher, FinishService, type Judgement } from './finish.service.js';
import { type LoginSettings, ServiceTokensService } from './service-tokens.service.js';

/** What a login at `/v1` ends by, as it stands in its last transaction. */
export interface LoginGrounds {
  judged: Judgement;
  /** Null where the user or the mount is gone. */
  settings: LoginSettings | null;
}

/** The last steps of every login at `/v1`, in the transaction that spends its factors (S18, S37). */
@Injectable()
export class ServiceFinishService {
  constructor(
    private readonly finishing: FinishService,
    private readonly serviceTokens: ServiceTokensService,
  ) {}

  /** Judges anew; nothing is decided yet, so that this can be asked for together with what is spent. */
  async judge(tx: Transaction, finisher: Finisher, mountId: string | null): Promise<LoginGrounds> {
    const [judged, settings] = await Promise.all([
      this.finishing.judge(tx, finisher),
      this.serviceTokens.settingsOf(tx, finisher, mountId),
    ]);
    return { judged, settings };
  }

  /**
   * Closes the sign-in and issues the token.
   * @param ended what is said where password, requirement or mount changed meanwhile.
   * @throws DomainError `forbidden` code `disabled`; as `ended`; as `ServiceTokensService.issueForLogin`.
   */
  async issue(
    tx: Transaction,
    finisher: Finisher,
    { judged, settings }: LoginGrounds,
    login: { mountId: string | null; path: string; sessionId: string },
    actor: Actor,
    ended: () => DomainError,
  ): Promise<{ secret: string; token: Token }> {
    if (!judged.ok && judged.why === 'disabled')
      throw new DomainError('forbidden', 'disabled', 'permission denied');
    if (!judged.ok || settings === null) throw ended();
    const [issued] = await Promise.all([
      this.serviceTokens.issueForLogin(tx, finisher, settings, login, actor),
      this.finishing.close(tx, finisher, judged, actor),
    ]);
    return issued;
  }
}

/** One text for every request that is over, whatever ended it (contract vault.md §3.4). */
export function invalidRequest(): DomainError {
  return new DomainError('invalid', 'invalid-request-id', 'invalid request ID');
}
