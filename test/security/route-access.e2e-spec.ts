import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WalkedRoute } from '../../apps/server/src/http/route-walk.js';
import { ACCEPT } from '../support/appgate-client.js';
import { expecting, send } from '../support/send.js';
import { PASSWORD, type Stage } from '../support/stage.js';
import { OPEN_ROUTES } from './open-routes.js';
import { TOKEN_YIELDING_ROUTES } from './token-yielding-routes.js';
import { named, RouteWalker } from './route-walker.js';

let walker: RouteWalker;
let stage: Stage;
let routes: WalkedRoute[];
beforeAll(async () => {
  walker = await RouteWalker.open();
  ({ stage, routes } = walker);
});
afterAll(() => stage.close());

it('S44 every route states who may call it, and none is registered past Nest', () => {
  expect(routes.length).toBeGreaterThan(60);
  expect(routes.filter(({ access }) => access === null)).toEqual([]);
  expect(routes.filter(({ handler }) => handler === null)).toEqual([]);
});

it('S44 the open routes are the committed ones', () => {
  expect(
    routes
      .filter(({ access }) => access?.kind === 'open')
      .map(named)
      .toSorted(),
  ).toEqual(OPEN_ROUTES.toSorted());
});

it('S44 the routes that can yield a token are the committed ones', async () => {
  const document = (await send({ method: 'GET', url: `${stage.first.url}/docs/openapi.json` })).body;
  const yielding = Object.entries<Record<string, any>>(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations)
      .filter(([, operation]) => holdsToken(document, operation?.responses?.['200']))
      .map(([method]) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`),
  );
  // They answer a token that is there already, and renew it (vault.md §9).
  const known = [
    'GET /v1/auth/token/lookup-self',
    'POST /v1/auth/token/renew',
    'POST /v1/auth/token/renew-accessor',
    'POST /v1/auth/token/renew-self',
  ];
  const normal = (route: string) => route.replace('PUT ', 'POST ').replace(/:user\w*/, ':username');
  const found = new Set(yielding.map(normal).filter((route) => !known.includes(route)));
  expect([...found].toSorted()).toEqual(TOKEN_YIELDING_ROUTES.toSorted());
});

/** Whether a schema, its references followed, names a property that holds a token. */
function holdsToken(document: any, node: any, seen = new Set<string>()): boolean {
  if (typeof node !== 'object' || node === null) return false;
  if (typeof node.$ref === 'string') {
    if (seen.has(node.$ref)) return false;
    seen.add(node.$ref);
    const target = node.$ref
      .slice(2)
      .split('/')
      .reduce((at: any, key: string) => at?.[key], document);
    return holdsToken(document, target, seen);
  }
  if (node.properties && ['token', 'client_token'].some((name) => name in node.properties)) return true;
  return Object.entries(node).some(
    ([key, value]) => key !== 'example' && key !== 'examples' && holdsToken(document, value, seen),
  );
}

const DEAD_TOKENS = [undefined, 'nonsense', 'A'.repeat(64), `hvs.${'A'.repeat(43)}`];

it('S44 every closed route refuses whoever has no token, in all its spellings, before it says whether anything is there', async () => {
  for (const route of routes.filter(({ access }) => access?.kind !== 'open')) {
    const path = walker.fill(route.path);
    const spellings = [path, `${path}/`, `${path}?a=b`];
    if (path.startsWith('/v1'))
      spellings.push(path.replace('/v1/', '/v1//'), path.replace(/\/([^/]*)$/, '//$1'));
    for (const spelling of spellings)
      for (const token of DEAD_TOKENS) {
        const headers =
          token === undefined ? {} : { authorization: `Bearer ${token}`, 'x-vault-token': token };
        const { status } = await walker.call(route, headers, spelling);
        expect([named(route), spelling, status]).toEqual([
          named(route),
          spelling,
          path.startsWith('/v1') ? 403 : 401,
        ]);
      }
  }
});

it('S44 a verb the path does not have is closed too', async () => {
  for (const path of new Set(
    routes.map((route) => walker.fill(route.path)).filter((path) => /^\/(admin|v1)\//.test(path)),
  ))
    for (const method of ['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'LIST', 'HEAD', 'OPTIONS', 'TRACE']) {
      const open = routes.some((route) => route.access?.kind === 'open' && walker.fill(route.path) === path);
      if (open) continue;
      const answer = await send({ method, url: `${stage.first.url}${path}`, headers: { accept: ACCEPT } });
      expect([method, path, answer.status >= 400 && answer.status < 500]).toEqual([method, path, true]);
    }
});

it('S44 a caller who holds nothing is forbidden everything that asks for a privilege or capability', async () => {
  await stage.addUser('powerless', { token_no_default_policy: true });
  const vaultToken = (await stage.vault().logIn('powerless', PASSWORD)).body.auth.client_token;
  await stage.makeAdministrator('powerless');
  const final = (await expecting(200, stage.appgate().logIn('powerless', PASSWORD))).body.token;
  await stage.rows(`DELETE FROM policies WHERE name = 'policy of powerless'`);
  const asked = routes.filter((route) => ['capability', 'privilege'].includes(route.access!.kind));
  for (const route of asked) {
    const token =
      route.access?.kind === 'privilege'
        ? { authorization: `Bearer ${final}` }
        : { 'x-vault-token': vaultToken };
    const { status, body } = await walker.call(route, token);
    const expected =
      route.access?.kind === 'privilege'
        ? { id: 'forbidden', message: "You don't have permission to access this resource." }
        : { errors: ['1 error occurred:\n\t* permission denied\n\n'] };
    expect([named(route), status, body]).toEqual([named(route), 403, expected]);
  }
});
