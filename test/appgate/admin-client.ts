import { request as plainRequest, type IncomingHttpHeaders } from 'node:http';

export const V23 = 'application/vnd.appgate.peer-v23+json';
export const DEVICE = '4c07bc67-57ea-42dd-b702-c2d6c45419fc';

export interface Answer {
  status: number;
  headers: IncomingHttpHeaders;
  text: string;
  /** The parsed text; undefined without one. */
  body: any;
}

export interface AdminRequest {
  method?: string;
  /** Under `/admin`. */
  path: string;
  /** An object is sent as JSON, a string or Buffer as it is. */
  body?: unknown;
  headers?: Record<string, string | undefined>;
}

/** What a client of the dialect sends: the Accept header of version 23 and, once it has one, its token. */
export class AdminClient {
  constructor(
    readonly origin: string,
    readonly token: string | null = null,
    readonly accept: string | null = V23,
  ) {}

  with(token: string | null): AdminClient {
    return new AdminClient(this.origin, token, this.accept);
  }

  speaking(accept: string | null): AdminClient {
    return new AdminClient(this.origin, this.token, accept);
  }

  get(path: string): Promise<Answer> {
    return this.send({ path });
  }

  post(path: string, body?: unknown): Promise<Answer> {
    return this.send({ method: 'POST', path, body });
  }

  put(path: string, body?: unknown): Promise<Answer> {
    return this.send({ method: 'PUT', path, body });
  }

  delete(path: string): Promise<Answer> {
    return this.send({ method: 'DELETE', path });
  }

  send({ method = 'GET', path, body, headers = {} }: AdminRequest): Promise<Answer> {
    const content = bytesOf(body);
    const all: Record<string, string | undefined> = {
      ...(this.accept !== null && { accept: this.accept }),
      ...(this.token !== null && { authorization: `Bearer ${this.token}` }),
      ...(content && { 'content-type': 'application/json', 'content-length': String(content.length) }),
      ...headers,
    };
    const sent = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Record<
      string,
      string
    >;
    return new Promise((resolve, reject) => {
      const request = plainRequest(
        `${this.origin}/admin${path}`,
        { method, headers: sent, agent: false },
        (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('end', () => {
            const text = Buffer.concat(chunks).toString();
            resolve({
              status: response.statusCode ?? 0,
              headers: response.headers,
              text,
              body: text === '' ? undefined : JSON.parse(text),
            });
          });
          response.on('error', reject);
        },
      );
      request.on('error', reject);
      request.end(content);
    });
  }
}

function bytesOf(body: unknown): Buffer | undefined {
  if (body === undefined) return undefined;
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}
