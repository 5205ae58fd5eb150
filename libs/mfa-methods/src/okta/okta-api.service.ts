import { Injectable } from '@nestjs/common';
import { OutgoingHttp } from '@sallyport/platform';
import { jsonOf, type Json, objectOf, textOf } from '../vendor/json-answer.js';

/** Which organisation, under which token. */
export interface OktaAccount {
  origin: string;
  apiToken: string;
}

export interface OktaPush {
  userId: string;
  factorId: string;
}

/** What Okta knows a person by. */
export interface OktaName {
  field: 'profile.login' | 'profile.email';
  value: string;
}

/** The four requests of Okta's Users and Factors APIs that a push takes. Each answers null where Okta did not (S87). */
@Injectable()
export class OktaApiService {
  constructor(private readonly http: OutgoingHttp) {}

  /** Ids of the users with this name, two at most. */
  async usersOf(account: OktaAccount, { field, value }: OktaName): Promise<string[] | null> {
    const filter = `${field} eq "${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
    const users = await this.get(account, `users?filter=${encodeURIComponent(filter)}&limit=2`);
    return Array.isArray(users) ? users.map((user) => textOf(objectOf(user)['id'])) : null;
  }

  /** The id of the user's factor of type push; empty where there is none. */
  async pushFactorOf(account: OktaAccount, userId: string): Promise<string | null> {
    const factors = await this.get(account, `users/${encodeURIComponent(userId)}/factors`);
    if (!Array.isArray(factors)) return null;
    const push = factors.map(objectOf).find(({ factorType, status }) => {
      return factorType === 'push' && (status === undefined || status === 'ACTIVE');
    });
    return textOf(push?.['id']);
  }

  /** @param clientAddress is shown beside the question on the telephone. */
  async sendPush(account: OktaAccount, push: OktaPush, clientAddress: string | null): Promise<Json | null> {
    const headers: Record<string, string> = {
      ...headersOf(account),
      'Content-Type': 'application/json',
      ...(clientAddress === null ? {} : { 'X-Forwarded-For': clientAddress }),
    };
    const url = `${account.origin}/api/v1/${pathOf(push)}/verify`;
    const answer = await this.http.call({ method: 'POST', url, headers, body: '{}' });
    return present(answer?.status === 201 ? jsonOf({ ...answer, status: 200 }) : jsonOf(answer));
  }

  async outcomeOf(
    account: OktaAccount,
    push: OktaPush,
    transactionId: string,
    signal: AbortSignal | undefined,
  ): Promise<Json | null> {
    const path = `${pathOf(push)}/transactions/${encodeURIComponent(transactionId)}`;
    return present(await this.get(account, path, signal));
  }

  private async get(account: OktaAccount, path: string, signal?: AbortSignal): Promise<unknown> {
    const url = `${account.origin}/api/v1/${path}`;
    return jsonOf(await this.http.call({ method: 'GET', url, headers: headersOf(account), signal }));
  }
}

function headersOf({ apiToken }: OktaAccount): Record<string, string> {
  return { Authorization: `SSWS ${apiToken}` };
}

function pathOf({ userId, factorId }: OktaPush): string {
  return `users/${encodeURIComponent(userId)}/factors/${encodeURIComponent(factorId)}`;
}

function present(answer: unknown): Json | null {
  return answer === null ? null : objectOf(answer);
}
