import { type Answer, send } from './send.js';

export interface VaultExtras {
  headers?: Record<string, string | string[]>;
  body?: unknown;
}

/** Speaks `/v1`; a body goes without a content type, as the Go client sends it. */
export class VaultClient {
  constructor(
    readonly origin: string,
    readonly token: string | null = null,
  ) {}

  with(token: string | null): VaultClient {
    return new VaultClient(this.origin, token);
  }

  /** The same caller at another replica. */
  at(origin: string): VaultClient {
    return new VaultClient(origin, this.token);
  }

  call(method: string, path: string, { headers = {}, body }: VaultExtras = {}): Promise<Answer> {
    const token = this.token === null ? {} : { 'x-vault-token': this.token };
    return send({ method, url: `${this.origin}/v1/${path}`, headers: { ...token, ...headers }, body });
  }

  read(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  write(path: string, body: object = {}): Promise<Answer> {
    return this.call('POST', path, { body });
  }

  list(path: string): Promise<Answer> {
    return this.call('LIST', path);
  }

  remove(path: string): Promise<Answer> {
    return this.call('DELETE', path);
  }

  /** Phase 1, or the whole of a login; `mfa` are `X-Vault-MFA` lines. */
  logIn(username: string, password: string, mfa: string[] = [], mount = 'userpass'): Promise<Answer> {
    const headers: Record<string, string[]> = mfa.length > 0 ? { 'x-vault-mfa': mfa } : {};
    const path = `auth/${mount}/login/${encodeURIComponent(username)}`;
    return this.call('POST', path, { headers, body: { password } });
  }

  /** Phase 2 with one code for one method. */
  validate(requestId: string, code: string, method = 'default'): Promise<Answer> {
    return this.write('sys/mfa/validate', { mfa_request_id: requestId, mfa_payload: { [method]: [code] } });
  }
}
