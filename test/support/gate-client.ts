import { type Answer, send } from './send.js';

type Headers = Record<string, string | string[]>;

/** Asks at the door as a proxy does. */
export function askDoor(url: string, rule: string, headers: Headers): Promise<Answer> {
  return send({ method: 'GET', url: `${url}/forward-auth${rule}`, headers });
}

/** Shows the token as a bearer. */
export function bearer(token: string | null): Record<string, string> {
  return { authorization: `Bearer ${token}` };
}

/** Speaks `/oauth2` with one service token. */
export class OauthClient {
  constructor(
    readonly origin: string,
    readonly headers: Headers,
  ) {}

  static with(origin: string, token: string | null): OauthClient {
    return new OauthClient(origin, bearer(token));
  }

  introspect(token: string, more: Record<string, string> = {}): Promise<Answer> {
    return this.form('introspect', new URLSearchParams({ token, ...more }).toString());
  }

  revoke(token: string): Promise<Answer> {
    return this.form('revoke', new URLSearchParams({ token }).toString());
  }

  form(call: string, body: string | Buffer, type = 'application/x-www-form-urlencoded'): Promise<Answer> {
    const headers = { 'content-type': type, ...this.headers };
    return send({ method: 'POST', url: `${this.origin}/oauth2/${call}`, headers, body });
  }
}
