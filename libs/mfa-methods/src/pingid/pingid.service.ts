import { Injectable } from '@nestjs/common';
import type { FactorAttempt, FactorType, FactorVerdict } from '../factor.js';
import { PersonNameService } from '../vendor/person-name.service.js';
import { PushPatience } from '../vendor/push-patience.js';
import { pollPush } from '../vendor/push-poll.js';
import { VendorJudgeService, type VendorVerdict } from '../vendor/vendor-judge.service.js';
import { VendorSecretsService } from '../vendor/vendor-secrets.service.js';
import { type PingidAnswer, PingidApiService } from './pingid-api.service.js';
import { pingidConfigOf, type PingidKey } from './pingid-config.js';
import type { PingidAccount } from './pingid-message.js';

/** PingID's codes: approved, and waiting for the person. */
const APPROVED = 200;
const WAITING = 30_010;

/** Second factors that PingID judges: a push, by the asynchronous flow of its API (contract vault.md §5.3). */
@Injectable()
export class PingidService implements FactorType {
  readonly type = 'pingid';

  constructor(
    private readonly names: PersonNameService,
    private readonly secrets: VendorSecretsService,
    private readonly judge: VendorJudgeService,
    private readonly api: PingidApiService,
    private readonly patience: PushPatience,
  ) {}

  /** Push services are of `/v1` alone (contract appgate.md §2.10). */
  async canBeAskedOf(): Promise<boolean> {
    return false;
  }

  /** Sends a push and waits for it; a passcode that came is not looked at (contract vault.md §3.2). */
  async verify(attempt: FactorAttempt): Promise<FactorVerdict> {
    const { idpUrl, orgAlias, usernameFormat } = pingidConfigOf(attempt.method);
    const userName = await this.names.of(attempt.principalId, usernameFormat);
    const keys = await this.secrets.open<PingidKey>(attempt.method.id);
    // Without a key nobody could sign.
    if (userName === null || !keys?.signingKey) return this.judge.refuseUnknown(attempt);
    const account = { ...keys, orgAlias };
    return this.judge.judge(attempt, true, () => this.push(account, idpUrl, userName, attempt));
  }

  private async push(
    account: PingidAccount,
    idpUrl: string,
    userName: string,
    { signal }: FactorAttempt,
  ): Promise<VendorVerdict> {
    const body = { spAlias: 'web', userName, async: 'true' };
    const started = await this.api.ask(account, idpUrl, 'startauthentication', body);
    if (started === null) return LOST;
    const { sessionId, errorId } = started;
    // Success at once has asked nobody; every other code asks for something that is no push.
    if (errorId !== WAITING || sessionId === '')
      return { kind: 'not-asked', refusal: { reason: 'no-push-device' } };
    let heard: PingidAnswer | null = null;
    const outcome = await pollPush(this.patience, signal, async () => {
      const said = await this.api.ask(account, idpUrl, 'authstatus', { sessionId }, signal);
      heard = said ?? heard;
      return said && readPingidStatus(said);
    });
    if (outcome !== null) return outcome;
    return heard === null ? LOST : { kind: 'unanswered', refusal: { reason: 'push-timed-out' } };
  }
}

/** PingID's codes do not tell refusal from silence for certain, so that a push that failed stays one of the few (S25). */
function readPingidStatus({ errorId }: PingidAnswer): VendorVerdict | null {
  if (errorId === WAITING) return null;
  if (errorId === APPROVED) return { kind: 'approved' };
  return { kind: 'unanswered', refusal: { reason: 'push-rejected' } };
}

const LOST: VendorVerdict = { kind: 'unanswered', refusal: { reason: 'silent' } };
