import { posix } from 'node:path';
import { expect } from 'vitest';
import { send } from '../support/send.js';

/** What the client makes of an answer: `api.Secret` of the Go library, with the wire's names. */
export interface Secret {
  request_id: string;
  data: any;
  warnings: string[] | null;
  auth: any;
}

const TEXTS = expect.toSatisfy(isTexts, 'null or a list of strings');
const TEXT_MAP = expect.toSatisfy(isTextMap, 'null or a map of strings');

/**
 * The Go client that the CLI and terraform are built on, as vault.md §13 says what it sends and how it reads: no content type, header
 * lines kept apart, PUT for a write, GET `?list=true` for a list, typed decoding, and an answer it would ask for again is a fault.
 */
export class GoClient {
  constructor(
    private readonly origin: string,
    readonly token: string | null = null,
    private readonly headers: Record<string, string | string[]> = {},
  ) {}

  as(token: string | null): GoClient {
    return new GoClient(this.origin, token, this.headers);
  }

  with(headers: Record<string, string | string[]>): GoClient {
    return new GoClient(this.origin, this.token, { ...this.headers, ...headers });
  }

  /** `Logical().Read`: a missing object is no value. */
  async read(path: string): Promise<Secret | null> {
    return this.found(await this.call('GET', path));
  }

  /** `Logical().List`. */
  async list(path: string): Promise<Secret | null> {
    return this.found(await this.call('GET', path, undefined, '?list=true'));
  }

  /** `Logical().Write`; null where the answer has no body. */
  write(path: string, data?: unknown): Promise<Secret | null> {
    return this.request('PUT', path, data);
  }

  /** `Logical().Delete`. */
  remove(path: string): Promise<Secret | null> {
    return this.request('DELETE', path);
  }

  /** @throws GoError on any answer from 400 on. */
  async request(method: string, path: string, body?: unknown): Promise<Secret | null> {
    const { status, body: answer } = await this.call(method, path, body);
    if (status >= 400) throw new GoError(status, answer.errors);
    return answer === undefined ? null : decoded(answer);
  }

  /** Of the paths without an envelope. */
  async bare(path: string, query = ''): Promise<any> {
    const { status, body } = await this.call('GET', path, undefined, query);
    expect([path, status]).toEqual([path, 200]);
    return body;
  }

  private async call(method: string, path: string, body?: unknown, query = '') {
    const url = `${this.origin}${posix.join('/v1', path)}${query}`;
    const headers = {
      'user-agent': 'Go-http-client/1.1',
      'accept-encoding': 'gzip',
      'x-vault-request': 'true',
      ...(this.token !== null && { 'x-vault-token': this.token }),
      ...this.headers,
    };
    const answer = await send({ method, url, headers, body });
    const { status } = answer;
    const repeated = status === 412 || status === 429 || (status >= 500 && status !== 501);
    if (repeated || (status >= 300 && status < 400))
      throw new Error(`the Go client would not take ${status} for an answer: ${method} ${path}`);
    if (answer.text !== '') expect(answer.headers['content-type']).toBe('application/json');
    return answer;
  }

  private found({ status, body }: { status: number; body: any }): Secret | null {
    if (status === 404 && body.errors.length === 0) return null;
    if (status >= 400) throw new GoError(status, body.errors);
    return decoded(body);
  }
}

/** `api.ResponseError`, worded as the CLI prints it. */
export class GoError extends Error {
  constructor(
    readonly status: number,
    readonly errors: string[],
  ) {
    super(`Code: ${status}. Errors:\n\n${errors.map((error) => `* ${error}`).join('\n')}`);
  }
}

/** `Sys().GetAuth` since version 1.13 of the library: below `sys/mounts`, where it takes no sudo. */
export async function getAuth(client: GoClient, path: string): Promise<Secret> {
  return (await client.read(`sys/mounts/auth/${path}`))!;
}

/** What a call is refused with. */
export async function refusalOf(call: Promise<unknown>): Promise<string> {
  return call.then(
    () => expect.fail('was not refused'),
    (error: unknown) => {
      if (error instanceof GoError) return error.message;
      throw error;
    },
  );
}

/** The library decodes into typed fields: a value of another type is an error there. */
function decoded(body: any): Secret {
  expect(body).toMatchObject({
    request_id: expect.any(String),
    lease_id: '',
    lease_duration: expect.any(Number),
    renewable: expect.any(Boolean),
    warnings: TEXTS,
  });
  if (body.auth !== null)
    expect(body.auth).toMatchObject({
      client_token: expect.any(String),
      accessor: expect.any(String),
      policies: TEXTS,
      metadata: TEXT_MAP,
      lease_duration: expect.any(Number),
      renewable: expect.any(Boolean),
      entity_id: expect.any(String),
      token_type: expect.any(String),
      orphan: expect.any(Boolean),
      num_uses: expect.any(Number),
    });
  return body;
}

function isTexts(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.every((text) => typeof text === 'string'));
}

function isTextMap(value: unknown): boolean {
  return value === null || isTexts(Object.values(value as object));
}
