import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock, OutgoingHttp } from '@sallyport/platform';
import { type Json, textOf } from '../vendor/json-answer.js';
import { type PingidAccount, readPingidAnswer, signPingidRequest } from './pingid-message.js';

/** What PingID said: `errorId` is its code of a state, an error or success. */
export interface PingidAnswer {
  errorId: number;
  sessionId: string;
}

/** Signed requests of PingID's API. */
@Injectable()
export class PingidApiService {
  constructor(
    private readonly http: OutgoingHttp,
    private readonly clock: Clock,
  ) {}

  /**
   * @param idpUrl the base of the API, from the settings file.
   * @param operation such as `startauthentication`.
   * @returns null for an answer that is not signed for this organisation, or answers another request (S25, S87).
   */
  async ask(
    account: PingidAccount,
    idpUrl: string,
    operation: string,
    body: Json,
    signal?: AbortSignal,
  ): Promise<PingidAnswer | null> {
    // What is echoed under the signature shows that the answer is to this question.
    const clientData = randomUUID();
    const request = await signPingidRequest(account, { ...body, clientData }, this.clock.now());
    const answer = await this.http.call({
      method: 'POST',
      url: `${idpUrl.replace(/(?<!\/)\/+$/, '')}/rest/4/${operation}/do`,
      headers: { 'Content-Type': 'application/json' },
      body: request,
      signal,
    });
    if (answer === null) return null;
    const said = await readPingidAnswer(account, answer.text, this.clock.now());
    if (said === null || said['clientData'] !== clientData) return null;
    return { errorId: Number(said['errorId']), sessionId: textOf(said['sessionId']) };
  }
}
