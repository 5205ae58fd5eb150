import { request } from 'node:http';

export interface VaultAnswer {
  status: number;
  headers: NodeJS.Dict<string | string[]>;
  /** The body as text, and as JSON where there is one. */
  text: string;
  body: any;
}

export interface VaultCall {
  token?: string | null;
  headers?: Record<string, string | string[]>;
  /** Sent as it is; an object is sent as JSON, without a content type, as the Go client does. */
  body?: unknown;
}

/** Speaks `/v1` over a socket of its own, any verb and repeated headers included. */
export class VaultClient {
  constructor(
    private readonly url: string,
    readonly token: string | null = null,
  ) {}

  as(token: string | null): VaultClient {
    return new VaultClient(this.url, token);
  }

  read(path: string): Promise<VaultAnswer> {
    return this.send('GET', path);
  }

  write(path: string, body: unknown = {}, headers: VaultCall['headers'] = {}): Promise<VaultAnswer> {
    return this.send('POST', path, { body, headers });
  }

  remove(path: string): Promise<VaultAnswer> {
    return this.send('DELETE', path);
  }

  list(path: string): Promise<VaultAnswer> {
    return this.send('LIST', path);
  }

  send(
    method: string,
    path: string,
    { token = this.token, headers = {}, body }: VaultCall = {},
  ): Promise<VaultAnswer> {
    const payload =
      body === undefined
        ? undefined
        : typeof body === 'string' || Buffer.isBuffer(body)
          ? body
          : JSON.stringify(body);
    const all: Record<string, string | string[]> = {
      ...(token === null ? {} : { 'X-Vault-Token': token }),
      ...headers,
    };
    if (payload !== undefined) all['Content-Length'] = String(Buffer.byteLength(payload));
    return new Promise((resolve, reject) => {
      const call = request(`${this.url}/v1/${path}`, { method, headers: all, agent: false }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const body: unknown = text === '' ? undefined : JSON.parse(text);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text, body });
        });
      });
      call.on('error', reject);
      call.end(payload);
    });
  }
}
