import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import {
  BadRequestException,
  Body,
  Controller,
  Delete,
  Get,
  Head,
  Injectable,
  Module,
  Param,
  Post,
  Put,
  Req,
  Search,
} from '@nestjs/common';
import { DomainError, type ErrorKind } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import { QueryFailedError } from 'typeorm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Access, type AccessStatement } from './access.js';
import { createApp, type RunningServer } from './create-app.js';
import type { Dialect, WireError } from './dialect.js';
import { HttpModule } from './http.module.js';
import { walkRoutes } from './route-walk.js';

const STATUS: Record<ErrorKind, number> = {
  malformed: 400,
  'too-large': 413,
  invalid: 422,
  'not-acceptable': 406,
  unauthenticated: 401,
  rejected: 401,
  'factor-rejected': 401,
  'factor-not-pending': 401,
  'factor-owed': 412,
  forbidden: 403,
  'not-found': 404,
  'method-not-allowed': 405,
  conflict: 409,
  throttled: 429,
  unavailable: 503,
  internal: 500,
};

const seen: string[] = [];
let planted: { where: string; error: unknown } | null = null;

function plant(where: string): void {
  if (planted?.where === where) throw planted.error;
}

/** A dialect small enough to read; `kind` is what its bodies show. */
class SpokenDialect implements Dialect {
  constructor(
    readonly name: Dialect['name'],
    readonly prefix: string,
  ) {}

  onRequest(request: FastifyRequest): void {
    plant('onRequest');
    if (request.headers.accept === 'application/no') throw new DomainError('not-acceptable', 'no', 'No.');
  }

  readToken({ headers }: FastifyRequest): string | null {
    return /^Bearer (.*)$/.exec(headers.authorization ?? '')?.[1] ?? null;
  }

  async authenticate(token: string): Promise<unknown> {
    seen.push(`authenticate ${token}`);
    plant('authenticate');
    return { full: 'full-token', partial: 'partial-token' }[token] ?? null;
  }

  holdsFullToken(caller: unknown): boolean {
    return caller === 'full-token';
  }

  async authorize(access: AccessStatement, caller: unknown, tokenSent: boolean): Promise<void> {
    seen.push(`authorize ${access.kind} ${String(caller)} ${tokenSent}`);
    plant('authorize');
    if (caller === null) throw new DomainError('unauthenticated', 'token', 'No token.');
    if (access.kind === 'privilege') throw new DomainError('forbidden', 'privilege', 'No privilege.');
  }

  notFound(caller: unknown, _tokenSent: boolean, allow: string[]): never {
    if (caller === null) throw new DomainError('unauthenticated', 'token', 'No token.');
    if (allow.length > 0) throw new DomainError('method-not-allowed', 'method', 'Not so.', { allow });
    throw new DomainError('not-found', 'path', 'Nothing there.');
  }

  parseBody(bytes: Buffer): unknown {
    plant('parseBody');
    if (bytes.length === 0) return {};
    try {
      return JSON.parse(bytes.toString());
    } catch {
      throw new DomainError('malformed', 'json', 'No JSON.');
    }
  }

  renderError(error: DomainError): WireError {
    plant('renderError');
    const { retryAfter, allow } = error.details;
    return {
      status: STATUS[error.kind],
      headers: {
        ...(retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) }),
        ...(allow === undefined ? {} : { allow: allow.join(', ') }),
      },
      body: { [this.name]: error.kind },
    };
  }
}

@Injectable()
class AppgateLike extends SpokenDialect {
  constructor() {
    super('appgate', '/admin');
  }
}

@Injectable()
class VaultLike extends SpokenDialect {
  constructor() {
    super('vault', '/v1');
  }

  rewrite(raw: IncomingMessage): string {
    plant('rewrite');
    if (raw.method === 'LINK' || raw.url?.includes('list=true')) raw.method = 'SEARCH';
    if (raw.url?.includes('list=maybe')) throw new DomainError('malformed', 'list', 'Not a boolean.');
    return raw.url!.replace(/\/{2,}/g, '/');
  }
}

@Injectable()
class OpsLike extends SpokenDialect {
  constructor() {
    super('ops', '');
  }
}

@Controller('admin')
class AdminController {
  @Access({ kind: 'open' })
  @Post('open')
  open(@Body() body: unknown, @Req() { caller, clientAddress, dialect, isList }: FastifyRequest) {
    return { body: JSON.stringify(body).length, caller, clientAddress, dialect: dialect.name, isList };
  }

  @Access({ kind: 'token', state: 'any' })
  @Put('items/:id')
  put(@Param('id') id: string, @Body() body: unknown, @Req() { caller }: FastifyRequest) {
    plant('handler');
    return { id, size: JSON.stringify(body).length, caller };
  }

  @Access({ kind: 'token', state: 'any' })
  @Delete('items/:id')
  async remove(): Promise<void> {}

  @Access({ kind: 'privilege', type: 'All', target: 'All' })
  @Post('guarded')
  guarded(): void {}

  @Post('unstated')
  unstated() {
    return 'must never be seen';
  }
}

@Access({ kind: 'token', state: 'any' })
@Controller('v1')
class VaultController {
  @Get('things')
  read() {
    return { read: true };
  }

  @Search('things')
  list(@Req() { isList, method, originalUrl }: FastifyRequest) {
    return { isList, method, originalUrl };
  }

  @Access({ kind: 'open' })
  @Head('health')
  health(): void {}
}

@Module({ providers: [AppgateLike, VaultLike, OpsLike], exports: [AppgateLike, VaultLike, OpsLike] })
class DialectsModule {}

@Module({
  imports: [HttpModule.register({ dialects: [AppgateLike, VaultLike, OpsLike], imports: [DialectsModule] })],
  controllers: [AdminController, VaultController],
})
class SpecModule {}

let server: RunningServer;
let port: number;

beforeAll(async () => {
  const plain = { host: '127.0.0.1', port: 0 };
  server = await createApp(
    SpecModule,
    { plain, trustedProxies: ['127.0.0.1', '10.0.0.0/8'] },
    { logger: false },
  );
  port = server.listeners.addresses[0]!.port;
});

afterAll(async () => {
  await server.stop(0, 0);
});

beforeEach(() => {
  seen.length = 0;
  planted = null;
});

interface Answer {
  status: number;
  headers: Record<string, string>;
  body: unknown;
}

function open(): Socket {
  return connect({ host: '127.0.0.1', port, allowHalfOpen: true });
}

function answers(wire: string): Answer[] {
  const found: Answer[] = [];
  for (let rest = wire; rest.startsWith('HTTP/1.1 ');) {
    const end = rest.indexOf('\r\n\r\n');
    const [line = '', ...fields] = rest.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(
      fields.map((field) => field.toLowerCase().split(': ') as [string, string]),
    );
    const length = Number(headers['content-length'] ?? 0);
    const content = rest.slice(end + 4, end + 4 + length);
    const json = headers['content-type'] === 'application/json' && content !== '';
    found.push({ status: Number(line.split(' ')[1]), headers, body: json ? JSON.parse(content) : content });
    rest = rest.slice(end + 4 + length);
  }
  return found;
}

/** Sends the bytes, half-closes, and reads every answer. */
async function talk(bytes: string): Promise<Answer[]> {
  const socket = open();
  const wire = text(socket).catch((error: NodeJS.ErrnoException) => `(${error.code})`);
  socket.end(bytes);
  return answers(await wire);
}

function head(line: string, ...fields: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n');
}

async function ask(line: string, fields: string[] = [], body = ''): Promise<Answer> {
  const length = body === '' ? [] : [`Content-Length: ${body.length}`];
  const [answer] = await talk(head(line, ...length, ...fields) + body);
  return answer!;
}

const FULL = 'Authorization: Bearer full';
const PARTIAL = 'Authorization: Bearer partial';

async function outcome(line: string, fields: string[] = [], body = ''): Promise<[number, unknown]> {
  const { status, body: answer } = await ask(line, fields, body);
  return [status, answer];
}

describe('routing', () => {
  it('gives each path to its dialect and the rest to ops', async () => {
    expect(await outcome('GET /admin/none', [FULL])).toEqual([404, { appgate: 'not-found' }]);
    expect(await outcome('GET /v1/none', [FULL])).toEqual([404, { vault: 'not-found' }]);
    expect(await outcome('GET /v1', [FULL])).toEqual([404, { vault: 'not-found' }]);
    for (const path of ['/', '/v12', '/administrator', '/V1/things', '*'])
      expect(await outcome(`GET ${path}`, [FULL])).toEqual([404, { ops: 'not-found' }]);
  });

  it('takes an absolute target for its path', async () => {
    expect(await outcome('GET http://host/v1/things', [FULL])).toEqual([200, { read: true }]);
    expect(await outcome('GET http://host', [FULL])).toEqual([404, { ops: 'not-found' }]);
  });

  it('does not carry an escaped prefix into the routes of a dialect', async () => {
    expect(await outcome('GET /%761/things', [FULL])).toEqual([404, { ops: 'not-found' }]);
  });

  it('has one list operation for the verb LIST and for GET with list', async () => {
    const asLink = { isList: true, method: 'SEARCH', originalUrl: '/v1/things' };
    expect(await outcome('LIST /v1/things', [FULL])).toEqual([200, asLink]);
    expect(await outcome('GET /v1//things?list=true', [FULL])).toEqual([
      200,
      { ...asLink, originalUrl: '/v1//things?list=true' },
    ]);
    expect(await outcome('GET /v1/things', [FULL])).toEqual([200, { read: true }]);
  });

  it('answers a refusal of the rewriting in the dialect shape', async () => {
    expect(await outcome('GET /v1/things?list=maybe', [FULL])).toEqual([400, { vault: 'malformed' }]);
  });

  it('matches with and without a trailing slash', async () => {
    expect(await outcome('GET /v1/things/', [FULL])).toEqual([200, { read: true }]);
  });

  it('decodes a path parameter once', async () => {
    const { body } = await ask('PUT /admin/items/CN=user%2COU=lo%2520cal', [FULL]);
    expect(body).toMatchObject({ id: 'CN=user,OU=lo%20cal' });
  });
});

describe('verbs', () => {
  it('names the methods a known path answers to', async () => {
    const answer = await ask('POST /admin/items/1', [FULL]);
    expect([answer.status, answer.headers.allow, answer.body]).toEqual([
      405,
      'delete, put',
      { appgate: 'method-not-allowed' },
    ]);
    expect((await ask('DELETE /v1/things', [FULL])).headers.allow).toBe('get, list');
  });

  it('S85 refuses TRACE, OPTIONS, HEAD and genuine SEARCH, LINK and LOCK', async () => {
    for (const verb of ['TRACE', 'OPTIONS', 'SEARCH', 'LINK', 'LOCK'])
      expect(await outcome(`${verb} /v1/things`, [FULL])).toEqual([405, { vault: 'method-not-allowed' }]);
    expect((await ask('HEAD /v1/things', [FULL])).status).toBe(405);
    expect((await ask('HEAD /v1/health')).status).toBe(200);
    expect(await outcome('LIST /admin/items/1', [FULL])).toEqual([405, { appgate: 'method-not-allowed' }]);
  });

  it('S85 refuses verbs the parser does not know, in the dialect shape', async () => {
    expect(await outcome('BREW /v1/things', [FULL])).toEqual([405, { vault: 'method-not-allowed' }]);
    expect(await outcome('BREW /admin/open', [FULL])).toEqual([405, { appgate: 'method-not-allowed' }]);
  });

  it('S85 connects nobody through', async () => {
    expect(await outcome('CONNECT host:443')).toEqual([405, { ops: 'method-not-allowed' }]);
  });
});

describe('order of checks', () => {
  it('looks at the token before the path, and at the path before the body', async () => {
    expect(await outcome('GET /admin/none')).toEqual([401, { appgate: 'unauthenticated' }]);
    expect(await outcome('PUT /admin/none', [FULL], '{rubbish')).toEqual([404, { appgate: 'not-found' }]);
    expect(await outcome('PUT /admin/items/1', [], '{rubbish')).toEqual([
      401,
      { appgate: 'unauthenticated' },
    ]);
  });

  it('looks at the privilege before the body', async () => {
    expect(await outcome('POST /admin/guarded', [FULL], '{rubbish')).toEqual([403, { appgate: 'forbidden' }]);
    expect(await outcome('PUT /admin/items/1', [FULL], '{rubbish')).toEqual([400, { appgate: 'malformed' }]);
  });

  it('lets the dialect refuse before everything else, on every path', async () => {
    for (const line of ['POST /admin/open', 'GET /admin/none', 'GET /admin/%zz', 'GET *'])
      expect((await outcome(line, ['Accept: application/no', FULL], '{rubbish'))[0]).toBe(406);
    expect(seen).toEqual([]);
  });

  it('does not look at the token on an open route', async () => {
    const { body } = await ask('POST /admin/open', [FULL], '{}');
    expect(body).toEqual({
      body: 2,
      caller: null,
      clientAddress: '127.0.0.1',
      dialect: 'appgate',
      isList: false,
    });
    expect(seen).toEqual([]);
  });
});

describe('tokens', () => {
  it('tells the dialect a missing token from a dead one', async () => {
    await ask('GET /v1/things');
    await ask('GET /v1/things', ['Authorization: Bearer dead']);
    expect(seen).toEqual(['authorize token null false', 'authenticate dead', 'authorize token null true']);
  });

  it('S85 ignores a token in the URL or in the body', async () => {
    for (const name of ['token', 'access_token', 'authorization'])
      expect((await outcome(`GET /v1/things?${name}=full`))[0]).toBe(401);
    expect((await outcome('PUT /admin/items/1', [], '{"access_token":"full"}'))[0]).toBe(401);
    expect((await outcome('GET /v1/things?access_token=full', ['Authorization: Bearer dead']))[0]).toBe(401);
    const form = 'Content-Type: application/x-www-form-urlencoded';
    expect((await outcome('PUT /admin/items/1', [form], 'access_token=full'))[0]).toBe(401);
    expect((await outcome('GET /v1/things?access_token=dead', [FULL]))[0]).toBe(200);
  });

  it('leaves no refusal to passport: odd tokens are dead tokens', async () => {
    for (const token of ['', ' ', 'full extra', 'full  ', 'Bearer full', '\xff'])
      expect(await outcome('GET /v1/things', [`Authorization: Bearer ${token}`])).toEqual(
        /^full +$/.test(token) ? [200, { read: true }] : [401, { vault: 'unauthenticated' }],
      );
  });
});

describe('S44 closed until opened', () => {
  it('S44 a route without a statement answers nobody', async () => {
    for (const fields of [[], [FULL], [PARTIAL]])
      expect(await outcome('POST /admin/unstated', fields, '{}')).toEqual([403, { appgate: 'forbidden' }]);
  });

  it('S44 the walk lists every route with its statement', () => {
    const any = { kind: 'token', state: 'any' };
    const routes = walkRoutes(server.app).sort((a, b) =>
      `${a.path} ${a.method}`.localeCompare(`${b.path} ${b.method}`),
    );
    expect(routes).toEqual([
      {
        method: 'POST',
        path: '/admin/guarded',
        access: { kind: 'privilege', type: 'All', target: 'All' },
        handler: 'AdminController.guarded',
      },
      { method: 'DELETE', path: '/admin/items/:id', access: any, handler: 'AdminController.remove' },
      { method: 'PUT', path: '/admin/items/:id', access: any, handler: 'AdminController.put' },
      { method: 'POST', path: '/admin/open', access: { kind: 'open' }, handler: 'AdminController.open' },
      { method: 'POST', path: '/admin/unstated', access: null, handler: 'AdminController.unstated' },
      { method: 'HEAD', path: '/v1/health', access: { kind: 'open' }, handler: 'VaultController.health' },
      { method: 'GET', path: '/v1/things', access: any, handler: 'VaultController.read' },
      { method: 'SEARCH', path: '/v1/things', access: any, handler: 'VaultController.list' },
    ]);
  });
});

describe('bodies', () => {
  it('are read whatever the content type says, or without one', async () => {
    for (const type of [
      'application/json',
      'text/plain',
      'rubbish',
      'application/x-www-form-urlencoded',
      '/;;',
    ])
      expect(
        (await ask('PUT /admin/items/1', [FULL, `Content-Type: ${type}`], '{"a":1}')).body,
      ).toMatchObject({ size: 7 });
    expect((await ask('PUT /admin/items/1', [FULL], '{"a":1}')).body).toMatchObject({ size: 7 });
  });

  it('may be empty', async () => {
    for (const fields of [[], ['Content-Length: 0'], ['Content-Type: application/json']])
      expect((await ask('PUT /admin/items/1', [FULL, ...fields])).body).toMatchObject({ size: 2 });
  });

  it('of other methods are not looked at', async () => {
    expect((await ask('DELETE /admin/items/1', [FULL], '{rubbish')).status).toBe(200);
    expect((await ask('GET /v1/things', [FULL], '{rubbish')).status).toBe(200);
  });

  const sized = (bytes: number): string => JSON.stringify('x'.repeat(bytes - 2));

  it('S82 may have 256 KiB without a full token and 4 MiB with one', async () => {
    expect((await outcome('POST /admin/open', [FULL], sized(256 * 1024)))[0]).toBe(201);
    expect(await outcome('POST /admin/open', [FULL], sized(256 * 1024 + 1))).toEqual([
      413,
      { appgate: 'too-large' },
    ]);
    expect((await outcome('PUT /admin/items/1', [PARTIAL], sized(256 * 1024)))[0]).toBe(200);
    expect((await outcome('PUT /admin/items/1', [PARTIAL], sized(256 * 1024 + 1)))[0]).toBe(413);
    expect((await outcome('PUT /admin/items/1', [FULL], sized(4 * 1024 * 1024)))[0]).toBe(200);
    expect((await outcome('PUT /admin/items/1', [FULL], sized(4 * 1024 * 1024 + 1)))[0]).toBe(413);
  });

  it('S82 counts chunked bodies as they come', async () => {
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
    const [answer] = await talk(head('POST /admin/open', 'Transfer-Encoding: chunked') + chunk.repeat(5));
    expect([answer!.status, answer!.body, answer!.headers.connection]).toEqual([
      413,
      { appgate: 'too-large' },
      'close',
    ]);
  });

  it('refused unread and small leave the connection usable', async () => {
    const refused = `${head('PUT /admin/items/1', 'Content-Length: 100')}${'x'.repeat(100)}`;
    const statuses = (await talk(refused + refused + head('GET /v1/things', FULL))).map(
      ({ status }) => status,
    );
    expect(statuses).toEqual([401, 401, 200]);
  });

  it('refused unread and large close the connection, and the answer arrives', async () => {
    const socket = open();
    const wire = text(socket);
    socket.write(head('PUT /admin/items/1', 'Content-Length: 3000000'));
    for (let sent = 0; sent < 3_000_000 && socket.writable; sent += 100_000) {
      socket.write('LIST /v1/things HTTP/1.1\r\n'.padEnd(100_000));
      await wait(1);
    }
    socket.end();
    const [answer, ...more] = answers(await wire);
    expect([answer!.status, answer!.headers.connection, more]).toEqual([401, 'close', []]);
  });

  it('that break off reach no handler', async () => {
    expect(
      (await talk(`${head('PUT /admin/items/1', FULL, 'Content-Length: 10')}{"a"`)).map((a) => a.status),
    ).toEqual([400]);
  });

  it('that are badly chunked are answered at once', async () => {
    const bad = `${head('PUT /admin/items/1', FULL, 'Transfer-Encoding: chunked')}zz\r\n`;
    expect((await talk(bad)).map(({ status, body }) => [status, body])).toEqual([
      [400, { appgate: 'malformed' }],
    ]);
  });

  it('are asked for with 100 Continue only when they are wanted', async () => {
    const fields = ['Expect: 100-continue', 'Content-Length: 2'];
    const socket = open();
    const wire = text(socket);
    socket.write(head('PUT /admin/items/1', FULL, 'Connection: close', ...fields));
    const [first] = (await once(socket, 'data')) as [Buffer];
    expect(first.toString()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.end('{}');
    expect((await wire).replace(first.toString(), '')).toMatch(/^HTTP\/1\.1 200 /);
    expect((await talk(head('PUT /admin/items/1', ...fields))).map(({ status }) => status)).toEqual([401]);
  });
});

describe('S85 headers of every answer', () => {
  it.each([
    ['an answer', 'PUT /admin/items/1', [FULL]],
    ['no content', 'DELETE /admin/items/1', [FULL]],
    ['a refusal', 'PUT /admin/items/1', []],
    ['an unknown path', 'GET /admin/none', [FULL]],
    ['a path that cannot be decoded', 'GET /v1/%zz', [FULL]],
    ['a strange target', 'OPTIONS *', [FULL]],
    ['an unknown verb', 'BREW /admin/open', []],
    ['too many headers', 'GET /admin/open', [`X: ${'x'.repeat(17_000)}`]],
    ['both framings', 'POST /admin/open', ['Content-Length: 1', 'Transfer-Encoding: chunked']],
  ])('S85 %s', async (_what, line, fields) => {
    const { headers, body } = await ask(line, fields);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
    if (body !== '') expect(headers['content-type']).toBe('application/json');
    const banned = [
      'server',
      'x-powered-by',
      'etag',
      'set-cookie',
      'access-control-allow-origin',
      'www-authenticate',
    ];
    expect(Object.keys(headers).filter((name) => banned.includes(name))).toEqual([]);
  });

  it('S85 no CORS for a foreign origin', async () => {
    const { headers } = await ask('GET /v1/things', [FULL, 'Origin: https://evil.example']);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
  });
});

describe('S82 before routing', () => {
  it.each([
    ['headers over 16 KiB', 'GET /v1/things', [`X: ${'x'.repeat(17_000)}`], [413, { vault: 'too-large' }]],
    [
      'both framings',
      'POST /v1/things',
      ['Content-Length: 0', 'Transfer-Encoding: chunked'],
      [400, { vault: 'malformed' }],
    ],
    [
      'both framings elsewhere',
      'POST /admin/open',
      ['Transfer-Encoding: chunked', 'Content-Length: 0'],
      [400, { appgate: 'malformed' }],
    ],
    ['a path that cannot be decoded', 'GET /v1/%zz', [FULL], [404, { vault: 'not-found' }]],
    ['the same without a token', 'GET /admin/%e0%a4', [], [401, { appgate: 'unauthenticated' }]],
  ])('S82 refuses %s in the dialect shape', async (_what, line, fields, expected) => {
    expect(await outcome(line, fields)).toEqual(expected);
  });

  it('S82 refuses a request that names no host', async () => {
    const [answer] = await talk(`GET /v1/things HTTP/1.1\r\n${FULL}\r\n\r\n`);
    expect([answer!.status, answer!.body]).toEqual([400, { vault: 'malformed' }]);
  });

  it('S82 answers earlier requests of the connection before it refuses a bad one', async () => {
    const bad = head('POST /v1/things', 'Content-Length: 0', 'Transfer-Encoding: chunked');
    const got = await talk(head('GET /v1/things', FULL) + bad + head('LIST /v1/things', FULL));
    expect(got.map(({ status }) => status)).toEqual([200, 400]);
  });

  it('takes very long parameters', async () => {
    expect((await ask(`PUT /admin/items/${'x'.repeat(10_000)}`, [FULL])).status).toBe(200);
  });
});

describe('S83 client address', () => {
  it.each([
    ['no header', [], '127.0.0.1'],
    ['one proxy', ['X-Forwarded-For: 203.0.113.9'], '203.0.113.9'],
    ['two proxies', ['X-Forwarded-For: 203.0.113.9, 10.1.2.3'], '203.0.113.9'],
    ['a forged entry before the true one', ['X-Forwarded-For: 198.51.100.1, 203.0.113.9'], '203.0.113.9'],
    [
      'a forged header before the true one',
      ['X-Forwarded-For: 198.51.100.1', 'X-Forwarded-For: 203.0.113.9'],
      '203.0.113.9',
    ],
    ['rubbish', ['X-Forwarded-For: 198.51.100.1, rubbish, 10.1.2.3'], '10.1.2.3'],
    ['another header', ['Forwarded: for=203.0.113.9', 'X-Real-IP: 203.0.113.9'], '127.0.0.1'],
  ])('S83 with %s', async (_what, fields, expected) => {
    expect((await ask('POST /admin/open', fields)).body).toMatchObject({ clientAddress: expected });
  });
});

describe('S88 the unexpected', () => {
  const secret = new TypeError('column "password" of relation "users" is at /etc/secret');

  it.each(['rewrite', 'onRequest', 'authenticate', 'authorize', 'parseBody', 'handler'])(
    'S88 an error planted in %s is a plain 500 with a request id',
    async (where) => {
      planted = { where, error: secret };
      const line = where === 'rewrite' ? 'GET /v1/things' : 'PUT /admin/items/1';
      const { status, body, headers } = await ask(line, [FULL], '{}');
      expect([status, body]).toEqual([500, { [where === 'rewrite' ? 'vault' : 'appgate']: 'internal' }]);
      expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    },
  );

  it('S88 a dialect that cannot write its errors leaves a bare 500', async () => {
    planted = { where: 'renderError', error: secret };
    const { status, body } = await ask('GET /v1/none', [FULL]);
    expect([status, body]).toEqual([500, '']);
  });

  it('S88 things that are no errors are a plain 500 too', async () => {
    for (const error of ['text', null, undefined, { status: 200 }, 42]) {
      planted = { where: 'handler', error };
      expect(await outcome('PUT /admin/items/1', [FULL], '{}')).toEqual([500, { appgate: 'internal' }]);
    }
  });

  const pgError = (code: string) => Object.assign(new Error('secret detail'), { code });

  it.each([
    ['a lost connection', pgError('08006'), 503, 'unavailable'],
    ['a server shutting down', pgError('57P01'), 503, 'unavailable'],
    ['a refused connection', pgError('ECONNREFUSED'), 503, 'unavailable'],
    ['a missing socket', Object.assign(pgError('ENOENT'), { syscall: 'connect' }), 503, 'unavailable'],
    ['an exhausted pool', new Error('timeout exceeded when trying to connect'), 503, 'unavailable'],
    [
      'a serialization failure',
      new QueryFailedError('SELECT secret', [], pgError('40001')),
      503,
      'unavailable',
    ],
    ['a unique violation', new QueryFailedError('INSERT secret', [], pgError('23505')), 409, 'conflict'],
    [
      'a value the database cannot take',
      new QueryFailedError('INSERT secret', [], pgError('22021')),
      422,
      'invalid',
    ],
    ['a check violation', new QueryFailedError('INSERT secret', [], pgError('23514')), 500, 'internal'],
    ['a refusal of the framework', new BadRequestException(['secret']), 400, 'malformed'],
  ])('S88 %s', async (_what, error, status, kind) => {
    planted = { where: 'handler', error };
    const answer = await ask('PUT /admin/items/1', [FULL], '{}');
    expect([answer.status, answer.body]).toEqual([status, { appgate: kind }]);
    expect(answer.headers['retry-after']).toBe(status === 503 ? '1' : undefined);
  });

  it('S88 an unreachable database while the token is read is 503 on unknown paths too', async () => {
    planted = { where: 'authenticate', error: pgError('ECONNREFUSED') };
    expect(await outcome('GET /v1/none', [FULL])).toEqual([503, { vault: 'unavailable' }]);
    expect(await outcome('GET /v1/%zz', [FULL])).toEqual([503, { vault: 'unavailable' }]);
  });
});
