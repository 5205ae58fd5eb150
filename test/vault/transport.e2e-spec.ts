import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type WalkedRoute, walkRoutes } from '../../apps/server/src/http/route-walk.js';
import { DEFAULT_METHOD, startWorld, type World } from './world.js';
import type { VaultAnswer, VaultCall } from './vault-client.js';

/**
 * What holds for every endpoint of `/v1` because the transport sees to it, not each handler (vault.md §2). The routes are those the
 * server has: a new one is tried without being named here.
 */
const BARE = ['sys/health', 'sys/seal-status', 'sys/leader', 'sys/init'];
const ENVELOPE = [
  'request_id',
  'lease_id',
  'renewable',
  'lease_duration',
  'data',
  'wrap_info',
  'warnings',
  'auth',
  'mount_type',
];
/** Would end the token the others are tried with. */
const ENDS_ITS_CALLER = ['auth/token/revoke-self'];
const UNKNOWN_ID = '11111111-2222-4333-8444-555555555555';

let world: World;
let routes: WalkedRoute[];
beforeAll(async () => {
  world = await startWorld();
  routes = walkRoutes(world.server.app).filter(({ path }) => path.startsWith('/v1/'));
});
afterAll(() => world.stop());

/** A path that fits the route, and names nothing that is needed elsewhere. */
function pathOf({ path }: WalkedRoute): string {
  return path
    .replace('/v1/', '')
    .replace('sys/auth/:path', 'sys/auth/passing')
    .replace(':mount_accessor', world.accessor)
    .replace(':mount', 'userpass')
    .replace(':path', 'userpass')
    .replace(':type', 'totp')
    .replace(':method_id', DEFAULT_METHOD)
    .replace(':id', UNKNOWN_ID)
    .replace(/:\w+/g, 'nobody');
}

function written(): [string, WalkedRoute][] {
  return routes
    .filter(({ method }) => method === 'POST')
    .map((route) => [pathOf(route), route] as [string, WalkedRoute])
    .filter(([path]) => !ENDS_ITS_CALLER.includes(path));
}

function closed(): WalkedRoute[] {
  return routes.filter(({ access }) => access?.kind !== 'open');
}

/** The verb a client sends for a route. */
function verbOf({ method }: WalkedRoute): string {
  return method === 'SEARCH' ? 'LIST' : method;
}

function call(route: WalkedRoute, token: string | null, rest: VaultCall = {}): Promise<VaultAnswer> {
  const body = route.method === 'POST' ? { body: {} } : {};
  const headers =
    route.method === 'PATCH' ? { headers: { 'Content-Type': 'application/merge-patch+json' } } : {};
  return world.anonymous.send(verbOf(route), pathOf(route), { token, ...body, ...headers, ...rest });
}

/** What all answers of `/v1` have in common; a failed expectation names the route. */
function expectWire(name: string, path: string, answer: VaultAnswer): void {
  const contentType = answer.text === '' && !name.startsWith('HEAD') ? undefined : 'application/json';
  expect([name, answer.headers['content-type'], answer.headers['cache-control']]).toEqual([
    name,
    contentType,
    'no-store',
  ]);
  expect([name, answer.status < 500]).toEqual([name, true]);
  if (answer.status >= 400) {
    if (answer.text !== '') expect([name, Object.keys(answer.body as object)]).toEqual([name, ['errors']]);
  } else if (answer.text !== '' && !BARE.includes(path)) {
    expect([name, Object.keys(answer.body as object)]).toEqual([name, expect.arrayContaining(ENVELOPE)]);
  }
}

describe('every route of /v1', () => {
  it('has routes to try', () => {
    expect(written().length).toBeGreaterThan(40);
    expect(routes.filter(({ method }) => method === 'SEARCH').length).toBeGreaterThan(10);
  });

  it('answers with the exact content type, no-store and the envelope or `errors`', async () => {
    for (const route of routes) {
      if (ENDS_ITS_CALLER.includes(pathOf(route))) continue;
      const name = `${route.method} ${route.path}`;
      expectWire(name, pathOf(route), await call(route, world.server.rootToken));
      expectWire(name, pathOf(route), await call(route, null));
    }
  });

  it('takes PUT for POST', async () => {
    for (const [path, route] of written()) {
      for (const body of ['{', '{"ttl":"-"}', '{}']) {
        const token = world.server.rootToken;
        const post = await world.anonymous.send('POST', path, { token, body });
        const put = await world.anonymous.send('PUT', path, { token, body });
        // A first write may make what the second then finds.
        const same = post.status === put.status || (post.status === 200 && put.status === 204);
        expect([route.path, body, post.status, put.status, same]).toEqual([
          route.path,
          body,
          post.status,
          put.status,
          true,
        ]);
        expectWire(route.path, path, put);
      }
    }
  });

  it('reads a body as JSON whatever its content type says', async () => {
    for (const [path] of written()) {
      for (const contentType of [
        undefined,
        'application/x-www-form-urlencoded',
        'text/plain',
        'application/json',
      ]) {
        const headers: Record<string, string> =
          contentType === undefined ? {} : { 'Content-Type': contentType };
        const answer = await world.root.send('POST', path, { headers, body: '{"issuer":' });
        expect([path, contentType, answer.status, answer.body]).toEqual([
          path,
          contentType,
          400,
          { errors: ['error parsing JSON'] },
        ]);
      }
    }
  });

  it('takes an empty body for no fields', async () => {
    for (const [path] of written()) {
      const empty = await world.root.send('POST', path, { body: '' });
      const none = await world.root.send('POST', path);
      for (const answer of [empty, none])
        expect([path, (answer.body as { errors?: string[] } | undefined)?.errors ?? []]).not.toEqual([
          path,
          ['error parsing JSON'],
        ]);
    }
  });

  it('lists by LIST, by GET ?list=true and by hvac’s ?list=True, with and without the last slash', async () => {
    for (const route of routes.filter(({ method }) => method === 'SEARCH')) {
      const path = pathOf(route);
      const answers = [
        await world.root.list(path),
        await world.root.list(`${path}/`),
        await world.root.read(`${path}?list=true`),
        await world.root.read(`${path}?list=True`),
        await world.root.read(`${path}/?list=1`),
      ].map(({ status, body }) => [status, { ...(body as object), request_id: '' }]);
      for (const answer of answers) expect([route.path, ...answer]).toEqual([route.path, ...answers[0]!]);
      const unparsable = await world.root.read(`${path}?list=x`);
      expect([route.path, unparsable.status, unparsable.text]).toEqual([route.path, 400, '{"errors":[]}']);
    }
  });

  it('does not know other verbs', async () => {
    for (const path of new Set(routes.map(pathOf))) {
      for (const verb of ['LINK', 'OPTIONS', 'TRACE']) {
        const answer = await world.root.send(verb, path);
        expect([path, verb, answer.status, answer.text]).toEqual([path, verb, 405, '{"errors":[]}']);
      }
    }
  });

  it('refuses a known path’s other verbs as unsupported operation', async () => {
    const deletable = routes
      .filter(({ method }) => method === 'DELETE')
      .map(({ path }) => new RegExp(`^${path.replace('/v1/', '').replace(/:\w+/g, '[^/]+')}$`));
    for (const path of new Set(closed().map(pathOf))) {
      if (deletable.some((pattern) => pattern.test(path))) continue;
      const answer = await world.root.remove(path);
      expect([path, answer.status, answer.body]).toEqual([
        path,
        405,
        { errors: ['1 error occurred:\n\t* unsupported operation\n\n'] },
      ]);
    }
  });

  it('S44 refuses nobody, the dead and the powerless before it looks at path or body', async () => {
    const powerless = (
      await world.root.write('auth/token/create', { no_default_policy: true, policies: ['none'] })
    ).body.auth.client_token as string;
    const refusals: [string | null, string][] = [
      [null, 'permission denied'],
      ['hvs.unknown', '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'],
      [powerless, '1 error occurred:\n\t* permission denied\n\n'],
    ];
    for (const route of closed().filter(({ access }) => access?.kind === 'capability')) {
      for (const [token, text] of refusals) {
        const answer = await call(route, token, route.method === 'POST' ? { body: '{' } : {});
        expect([route.method, route.path, answer.status, answer.body]).toEqual([
          route.method,
          route.path,
          403,
          { errors: [text] },
        ]);
      }
    }
  });

  it('collapses doubled slashes and echoes the namespace', async () => {
    for (const route of routes.filter(({ method }) => method === 'GET')) {
      const path = pathOf(route);
      const plain = await world.root.read(path);
      const doubled = await world.root.send('GET', path.replaceAll('/', '//'), {
        headers: { 'X-Vault-Namespace': 'root/' },
      });
      expect([route.path, doubled.status, doubled.headers['x-vault-namespace']]).toEqual([
        route.path,
        plain.status,
        'root/',
      ]);
    }
  });
});
