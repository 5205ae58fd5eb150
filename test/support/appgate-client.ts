import { type Answer, expecting, send } from './send.js';

export const ACCEPT = 'application/vnd.appgate.peer-v23+json';
export const DEVICE = '4c07bc67-57ea-42dd-b702-c2d6c45419fc';

/** Speaks `/admin`. */
export class AppgateClient {
  constructor(
    readonly origin: string,
    readonly token: string | null = null,
  ) {}

  with(token: string | null): AppgateClient {
    return new AppgateClient(this.origin, token);
  }

  /** The same caller at another replica. */
  at(origin: string): AppgateClient {
    return new AppgateClient(origin, this.token);
  }

  call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    return send({
      method,
      url: `${this.origin}/admin${path}`,
      body,
      headers: {
        accept: ACCEPT,
        authorization: this.token === null ? undefined : `Bearer ${this.token}`,
        ...headers,
      },
    });
  }

  get(path: string): Promise<Answer> {
    return this.call('GET', path);
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.call('POST', path, body);
  }

  put(path: string, body?: unknown): Promise<Answer> {
    return this.call('PUT', path, body);
  }

  delete(path: string): Promise<Answer> {
    return this.call('DELETE', path);
  }

  /** First factor. */
  authenticate(username: string, password: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.call('POST', '/authentication', credentials(username, password), headers);
  }

  /** One step, for who owes nothing. */
  logIn(username: string, password: string): Promise<Answer> {
    return this.post('/login', credentials(username, password));
  }

  submit(otp: string): Promise<Answer> {
    return this.post('/authentication/otp', { otp });
  }

  authorize(): Promise<Answer> {
    return this.get('/authorization');
  }

  /** A client with the partial token of a right password. */
  async partial(username: string, password: string): Promise<AppgateClient> {
    return this.with((await expecting(200, this.authenticate(username, password))).body.token);
  }

  /** A client with a final token of who owes nothing. */
  async final(username: string, password: string): Promise<AppgateClient> {
    return this.with((await expecting(200, this.logIn(username, password))).body.token);
  }
}

export function credentials(username: string, password: string): object {
  return { providerName: 'local', username, password, deviceId: DEVICE };
}
