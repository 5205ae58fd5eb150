import { Injectable } from '@nestjs/common';
import type { FactorAttempt, FactorRefusal, FactorType, FactorVerdict } from '../factor.js';
import { PersonNameService } from '../vendor/person-name.service.js';
import { PushPatience } from '../vendor/push-patience.js';
import { pollPush } from '../vendor/push-poll.js';
import { VendorJudgeService, type VendorVerdict } from '../vendor/vendor-judge.service.js';
import { VendorSecretsService } from '../vendor/vendor-secrets.service.js';
import { type OktaAccount, OktaApiService, type OktaPush } from './okta-api.service.js';
import { type OktaConfig, oktaConfigOf, type OktaKey, oktaOrigin } from './okta-config.js';
import { readOktaResult, transactionOf } from './okta-result.js';

/** Second factors that Okta judges: a push (contract vault.md §5.3; Okta Factors API). */
@Injectable()
export class OktaService implements FactorType {
  readonly type = 'okta';

  constructor(
    private readonly names: PersonNameService,
    private readonly secrets: VendorSecretsService,
    private readonly judge: VendorJudgeService,
    private readonly api: OktaApiService,
    private readonly patience: PushPatience,
  ) {}

  /** Push services are of `/v1` alone (contract appgate.md §2.10). */
  async canBeAskedOf(): Promise<boolean> {
    return false;
  }

  /** Sends a push and waits for it; a passcode that came is not looked at (contract vault.md §3.2). */
  async verify(attempt: FactorAttempt): Promise<FactorVerdict> {
    const config = oktaConfigOf(attempt.method);
    const name = await this.names.of(attempt.principalId, config.usernameFormat);
    const keys = await this.secrets.open<OktaKey>(attempt.method.id);
    if (name === null || keys === null) return this.judge.refuseUnknown(attempt);
    const account = { ...keys, origin: oktaOrigin(config) };
    return this.judge.judge(attempt, true, async () => {
      const push = await this.findPush(account, config, name);
      return 'reason' in push ? { kind: 'not-asked', refusal: push } : this.push(account, push, attempt);
    });
  }

  private async findPush(
    account: OktaAccount,
    { primaryEmail }: OktaConfig,
    value: string,
  ): Promise<OktaPush | FactorRefusal> {
    const field = primaryEmail ? 'profile.email' : 'profile.login';
    const users = await this.api.usersOf(account, { field, value });
    if (users === null) return { reason: 'silent' };
    if (users.length > 1) return { reason: 'several-such-persons' };
    const [userId] = users;
    if (userId === undefined || userId === '') return { reason: 'no-such-person' };
    const factorId = await this.api.pushFactorOf(account, userId);
    if (factorId === null) return { reason: 'silent' };
    return factorId === '' ? { reason: 'no-push-device' } : { userId, factorId };
  }

  private async push(
    account: OktaAccount,
    push: OktaPush,
    { actor, signal }: FactorAttempt,
  ): Promise<VendorVerdict> {
    const sent = await this.api.sendPush(account, push, actor.clientAddress);
    // It may have gone out, unless Okta says otherwise.
    if (sent === null || sent['factorResult'] !== 'WAITING') return LOST;
    const transaction = transactionOf(sent);
    if (transaction === '') return LOST;
    let heard = false;
    const outcome =
      readOktaResult(sent) ??
      (await pollPush(this.patience, signal, async () => {
        const said = await this.api.outcomeOf(account, push, transaction, signal);
        heard ||= said !== null;
        return said && readOktaResult(said);
      }));
    if (outcome !== null) return outcome;
    return heard ? { kind: 'unanswered', refusal: { reason: 'push-timed-out' } } : LOST;
  }
}

const LOST: VendorVerdict = { kind: 'unanswered', refusal: { reason: 'silent' } };
