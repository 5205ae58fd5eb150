import { Injectable } from '@nestjs/common';
import { Clock, OutgoingHttp } from '@sallyport/platform';
import { type Json, jsonOf, objectOf } from '../vendor/json-answer.js';
import { duoDate, duoParameters, duoSignature } from './duo-signature.js';

/** Whose keys sign, and where the requests go. */
export interface DuoAccount {
  apiHostname: string;
  integrationKey: string;
  secretKey: string;
}

export interface DuoQuestion {
  method: 'GET' | 'POST';
  path: string;
  parameters: Readonly<Record<string, string>>;
  signal?: AbortSignal | undefined;
}

/** Signed requests of Duo's Auth API v2 (https://duo.com/docs/authapi). */
@Injectable()
export class DuoApiService {
  constructor(
    private readonly http: OutgoingHttp,
    private readonly clock: Clock,
  ) {}

  /** @returns the `response` of an answer whose `stat` is OK; null for everything else (S87). */
  async ask(
    { apiHostname, integrationKey, secretKey }: DuoAccount,
    { method, path, parameters, signal }: DuoQuestion,
  ): Promise<Json | null> {
    const host = apiHostname.toLowerCase();
    const date = duoDate(this.clock.now());
    const signature = duoSignature({ date, method, host, path, parameters }, secretKey);
    const headers = {
      Date: date,
      Authorization: `Basic ${Buffer.from(`${integrationKey}:${signature}`).toString('base64')}`,
    };
    const written = duoParameters(parameters);
    const url = `https://${host}${path}`;
    const answer =
      method === 'GET'
        ? await this.http.call({ method, url: `${url}?${written}`, headers, signal })
        : await this.http.call({
            method,
            url,
            headers: { ...headers, 'Content-Type': 'application/x-www-form-urlencoded' },
            body: written,
            signal,
          });
    const { stat, response } = objectOf(jsonOf(answer));
    return stat === 'OK' ? objectOf(response) : null;
  }
}
