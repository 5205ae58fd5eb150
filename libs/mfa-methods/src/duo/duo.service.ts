import { Injectable } from '@nestjs/common';
import type { FactorAttempt, FactorType, FactorVerdict } from '../factor.js';
import { type Json, textOf } from '../vendor/json-answer.js';
import { PersonNameService } from '../vendor/person-name.service.js';
import { pollPush } from '../vendor/push-poll.js';
import { PushPatience } from '../vendor/push-patience.js';
import { VendorJudgeService, type VendorVerdict } from '../vendor/vendor-judge.service.js';
import { VendorSecretsService } from '../vendor/vendor-secrets.service.js';
import { type DuoAccount, DuoApiService } from './duo-api.service.js';
import { type DuoConfig, duoConfigOf, type DuoKey } from './duo-config.js';
import { deniedByDuo, readDuoResult } from './duo-result.js';

/** Second factors that Duo judges: a push, or a passcode (contract vault.md §5.3; Duo Auth API v2). */
@Injectable()
export class DuoService implements FactorType {
  readonly type = 'duo';

  constructor(
    private readonly names: PersonNameService,
    private readonly secrets: VendorSecretsService,
    private readonly judge: VendorJudgeService,
    private readonly api: DuoApiService,
    private readonly patience: PushPatience,
  ) {}

  /** Push services are of `/v1` alone (contract appgate.md §2.10). */
  async canBeAskedOf(): Promise<boolean> {
    return false;
  }

  /** A passcode where one was typed, else a push. */
  async verify(attempt: FactorAttempt): Promise<FactorVerdict> {
    const config = duoConfigOf(attempt.method);
    const username = await this.names.of(attempt.principalId, config.usernameFormat);
    const keys = await this.secrets.open<DuoKey>(attempt.method.id);
    if (username === null || keys === null) return this.judge.refuseUnknown(attempt);
    const account = { ...keys, apiHostname: config.apiHostname };
    const passcode = attempt.credential || null;
    return this.judge.judge(attempt, passcode === null, () =>
      this.prove(account, config, username, passcode, attempt),
    );
  }

  private async prove(
    account: DuoAccount,
    config: DuoConfig,
    username: string,
    passcode: string | null,
    attempt: FactorAttempt,
  ): Promise<VendorVerdict> {
    const person = {
      username,
      ...(attempt.actor.clientAddress ? { ipaddr: attempt.actor.clientAddress } : {}),
    };
    const path = '/auth/v2/preauth';
    const allowed = await this.api.ask(account, { method: 'POST', path, parameters: person });
    if (allowed === null) return NOT_REACHED;
    const result = textOf(allowed['result']);
    // `allow` is a bypass: nothing would have been proven (S43).
    if (result === 'allow') return { kind: 'not-asked', refusal: deniedByDuo({ status_msg: BYPASS }) };
    if (result !== 'auth') return { kind: 'not-asked', refusal: deniedByDuo(allowed) };
    return passcode === null
      ? this.push(account, config, person, attempt.signal)
      : this.tryPasscode(account, person, passcode);
  }

  private async tryPasscode(
    account: DuoAccount,
    person: Record<string, string>,
    passcode: string,
  ): Promise<VendorVerdict> {
    const parameters = { ...person, factor: 'passcode', passcode };
    const said = await this.api.ask(account, { method: 'POST', path: '/auth/v2/auth', parameters });
    return (said && readDuoResult(said)) ?? NOT_REACHED;
  }

  /** Sends it, then asks for its outcome: Duo keeps the line open while there is none, a call at a time. */
  private async push(
    account: DuoAccount,
    { pushInfo }: DuoConfig,
    person: Record<string, string>,
    signal: AbortSignal | undefined,
  ): Promise<VendorVerdict> {
    const shown: Record<string, string> = pushInfo === '' ? {} : { pushinfo: pushInfo };
    const parameters = { ...person, ...shown, factor: 'push', device: 'auto', async: '1' };
    const sent = await this.api.ask(account, { method: 'POST', path: '/auth/v2/auth', parameters });
    const txid = textOf(sent?.['txid']);
    if (txid === '') return LOST;
    let heard: Json | null = null;
    const outcome = await pollPush(this.patience, signal, async () => {
      const status = { method: 'GET', path: '/auth/v2/auth_status', parameters: { txid }, signal } as const;
      const said = await this.api.ask(account, status);
      heard = said ?? heard;
      return said && readDuoResult(said);
    });
    if (outcome !== null) return outcome;
    return heard === null ? LOST : { kind: 'unanswered', refusal: deniedByDuo({ status_msg: LATE }) };
  }
}

const BYPASS = 'Bypass is not accepted.';
const LATE = 'Login timed out.';
/** Nothing was sent to anybody. */
const NOT_REACHED: VendorVerdict = { kind: 'not-asked', refusal: { reason: 'silent' } };
/** A push may have gone out. */
const LOST: VendorVerdict = { kind: 'unanswered', refusal: { reason: 'silent' } };
