import { randomInt } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { DomainError } from '@sallyport/platform';
import { ChallengesService, type OpenChallenge } from '../challenges/challenges.service.js';
import { MOST_UNANSWERED, PushesService } from '../challenges/pushes.service.js';
import type {
  BegunFactor,
  FactorAttempt,
  FactorBeginning,
  FactorRefusal,
  FactorType,
  FactorVerdict,
} from '../factor.js';
import type { RadiusAnswer } from './radius-answer.js';
import { type RadiusConfig, radiusConfigOf } from './radius-config.js';
import { type JudgedQuestion, RadiusJudgeService, type Tried } from './radius-judge.service.js';
import { RadiusSecretsService } from './radius-secrets.service.js';

/** Second factors that a RADIUS server judges (contract appgate.md §2.4, §2.5, §4.1; RFC 2865). */
@Injectable()
export class RadiusService implements FactorType {
  readonly type = 'radius';

  constructor(
    private readonly challenges: ChallengesService,
    private readonly pushes: PushesService,
    private readonly secrets: RadiusSecretsService,
    private readonly judges: RadiusJudgeService,
  ) {}

  /** Who has a factor there, the server knows. */
  async canBeAskedOf(): Promise<boolean> {
    return true;
  }

  /**
   * Picks the host of this sign-in; in mode Challenge it is asked for the challenge. That request may carry the user's password, so it
   * counts like a code when the server refuses it (S10).
   * @throws DomainError `invalid` on `userPassword` where the method needs it and it did not come.
   */
  async begin(beginning: FactorBeginning): Promise<BegunFactor> {
    const { method, userPassword, username, signInId, principalId } = beginning;
    const config = radiusConfigOf(method);
    const { hostnames, timeout, mode, useUserPassword } = config;
    if (useUserPassword && userPassword === null)
      throw DomainError.invalid('userPassword', 'may not be null');
    const key = { signInId, methodId: method.id };
    const picked = hostnames[randomInt(hostnames.length || 1)] ?? '';
    const host = await this.challenges.keepHost(key, {
      principalId,
      username,
      picked,
      configured: hostnames,
    });
    if (mode === 'Challenge') return this.ask(beginning, config, host);
    await this.challenges.open(key, null);
    return mode === 'Push'
      ? { kind: 'push', timeout, sendPassword: useUserPassword }
      : { kind: 'challenge', timeout };
  }

  /** Lets the server judge what was typed, or wait for the approval. */
  async verify(attempt: FactorAttempt): Promise<FactorVerdict> {
    const { method, credential, signInId, state } = attempt;
    if (credential === null || credential === '') return { refused: { reason: 'missing' } };
    const config = radiusConfigOf(method);
    const key = { signInId, methodId: method.id };
    const challenge = await this.challenges.find(key);
    if (challenge === null || !config.hostnames.includes(challenge.host))
      return { refused: { reason: 'wrong' } };
    // The client's word only counts against it (S25).
    if (state && state !== challenge.state?.toString('base64')) return { refused: { reason: 'wrong' } };
    const answer = await this.askAbout(attempt, config, { ...challenge, credential });
    if ('reason' in answer) return { refused: answer };
    if (answer.kind === 'accepted') return this.proven(attempt, challenge);
    // The server asks on: the next try answers that. It does not clear what has failed (S25).
    if (answer.kind === 'challenged' && config.mode === 'Challenge')
      await this.challenges.open(key, answer.state);
    return { refused: await this.judges.refuse(attempt, config) };
  }

  /** The first request of a challenge: with the password again, or with the secret kept for it. */
  private async ask(beginning: FactorBeginning, config: RadiusConfig, host: string): Promise<BegunFactor> {
    const { method, username, signInId, userPassword } = beginning;
    const credential = config.useUserPassword ? userPassword : (await this.secrets.open(method.id)).challenge;
    const answer = await this.judges.judge(beginning, config, { host, username, credential, state: null });
    if ('reason' in answer) return { kind: 'refused', refusal: answer };
    // A server that lets in at once has seen no second factor.
    if (answer.kind !== 'challenged')
      return { kind: 'refused', refusal: await this.judges.refuse(beginning, config) };
    await this.judges.release(beginning);
    await this.challenges.open({ signInId, methodId: method.id }, answer.state);
    const state = answer.state?.toString('base64');
    return { kind: 'challenge', timeout: config.timeout, message: answer.message, state };
  }

  private askAbout(
    tried: Tried,
    config: RadiusConfig,
    { host, username, credential, state }: JudgedQuestion,
  ): Promise<RadiusAnswer | FactorRefusal> {
    if (config.mode === 'Push') return this.push(tried, config, { host, username, credential, state: null });
    return this.judges.judge(tried, config, { host, username, credential, state });
  }

  /** One request whose answer is the owner's; what is sent is the password that came, or the secret that triggers it. */
  private async push(
    tried: Tried,
    config: RadiusConfig,
    question: JudgedQuestion,
  ): Promise<RadiusAnswer | FactorRefusal> {
    const credential = config.useUserPassword
      ? question.credential
      : (await this.secrets.open(tried.method.id)).challenge;
    const opened = await this.pushes.open(tried.principalId);
    if (!('id' in opened))
      return this.judges.throttled(tried, MOST_UNANSWERED, opened.retryAfter, opened.retryAfter);
    let unanswered = false;
    const answer = await this.judges.judge(tried, config, { ...question, credential }, ({ kind }) => {
      unanswered = kind === 'silent';
    });
    if (!unanswered) await this.pushes.close(opened.id);
    return answer;
  }

  private proven(attempt: FactorAttempt, challenge: OpenChallenge): FactorVerdict {
    return {
      proven: {
        method: attempt.method,
        spend: async (tx) => {
          if (!(await this.challenges.spend(tx, challenge))) return false;
          await this.judges.succeed(tx, attempt);
          return true;
        },
        release: () => this.judges.release(attempt),
      },
    };
  }
}
