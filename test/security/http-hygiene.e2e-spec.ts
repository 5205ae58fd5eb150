import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WalkedRoute } from '../../apps/server/src/http/route-walk.js';
import { ACCEPT, type AppgateClient } from '../support/appgate-client.js';
import { dumpOfActs } from '../support/faults.js';
import { expecting, send } from '../support/send.js';
import { type Stage } from '../support/stage.js';
import { named, RouteWalker } from './route-walker.js';

let walker: RouteWalker;
let stage: Stage;
let routes: WalkedRoute[];
let admin: AppgateClient;
beforeAll(async () => {
  walker = await RouteWalker.open();
  ({ stage, routes, admin } = walker);
});
afterAll(() => stage.close());

it('S85 every answer carries no-store, nosniff and its exact type, and no banner, cookie or CORS', async () => {
  for (const route of routes)
    for (const token of [{}, { authorization: `Bearer ${admin.token}` }, { 'x-vault-token': 'nonsense' }]) {
      if (Object.keys(token).length > 0 && route.method !== 'GET') continue;
      const { headers, text, status } = await walker.call(route, {
        ...token,
        origin: 'https://evil.example',
      });
      const where = `${named(route)} ${status}`;
      expect([where, headers['cache-control'], headers['x-content-type-options']]).toEqual([
        where,
        'no-store',
        'nosniff',
      ]);
      for (const name of [
        'server',
        'x-powered-by',
        'set-cookie',
        'access-control-allow-origin',
        'access-control-allow-credentials',
      ])
        expect([where, name, headers[name]]).toEqual([where, name, undefined]);
      if (text !== '' && !route.path.startsWith('/docs'))
        expect([where, headers['content-type']]).toEqual([where, 'application/json']);
    }
});

it('S85 a token in the URL is ignored', async () => {
  for (const name of ['token', 'access_token', 'X-Vault-Token', 'authorization'])
    for (const [path, token] of [
      ['/admin/local-users', admin.token],
      ['/v1/sys/auth', stage.first.rootToken],
    ] as const) {
      const url = `${stage.first.url}${path}?${name}=${encodeURIComponent(token!)}`;
      const { status } = await send({ method: 'GET', url, headers: { accept: ACCEPT } });
      expect([name, path, status]).toEqual([name, path, path.startsWith('/v1') ? 403 : 401]);
    }
  await expecting(
    401,
    stage
      .appgate()
      .post('/authentication/otp', { otp: '123456', token: admin.token, access_token: admin.token }),
  );
  await expecting(
    403,
    stage
      .vault()
      .write('auth/token/revoke-self', { token: stage.first.rootToken, access_token: stage.first.rootToken }),
  );
});

it('S85 a cookie is no token, and TRACE and unknown verbs are refused', async () => {
  const { status } = await send({
    method: 'GET',
    url: `${stage.first.url}/admin/local-users`,
    headers: { accept: ACCEPT, cookie: `token=${admin.token}` },
  });
  expect(status).toBe(401);
  for (const method of ['TRACE', 'OPTIONS', 'PROPFIND', 'SEARCH', 'LINK', 'LOCK'])
    for (const [path, token] of [
      ['/admin/local-users', { authorization: `Bearer ${admin.token}` }],
      ['/v1/sys/auth', { 'x-vault-token': stage.first.rootToken }],
      ['/healthz', {}],
    ] as const) {
      const answer = await send({
        method,
        url: `${stage.first.url}${path}`,
        headers: { accept: ACCEPT, ...token },
      });
      expect([method, path, answer.status]).toEqual([method, path, 405]);
    }
});

it('S85 no GET and no LIST changes anything but last-use stamps and audit rows', async () => {
  const exempt = new Set(['audit_events']);
  const state = async () => {
    const tables = await dumpOfActs(stage.first.database);
    const tokens = await stage.rows(`SELECT to_jsonb(t) - 'last_used_at' AS row FROM tokens t ORDER BY id`);
    return JSON.stringify([
      [...tables].filter(([table]) => !exempt.has(table) && table !== 'tokens'),
      tokens,
    ]);
  };
  stage.clock.advance(61);
  const before = await state();
  for (const route of routes.filter(
    ({ method, path }) => ['GET', 'SEARCH', 'HEAD'].includes(method) && path !== '/admin/authorization',
  )) {
    for (const headers of [
      { authorization: `Bearer ${admin.token}` },
      { 'x-vault-token': stage.first.rootToken },
    ]) {
      const { status } = await walker.call(route, headers);
      // The clock of the test has moved away from the database's: not ready (S93).
      expect([named(route), status === 503 ? route.path : status < 500]).toEqual([
        named(route),
        status === 503 ? '/readyz' : true,
      ]);
    }
    expect([named(route), (await state()) === before]).toEqual([named(route), true]);
  }
});
