import { randomUUID } from 'node:crypto';
import type { WalkedRoute } from '../../apps/server/src/http/route-walk.js';
import type { Sending } from '../support/send.js';
import { plant } from './leak-marks.js';
import { ask, ROOT_TOKEN, scene, targets } from './leak-scene.js';
import { named } from './route-walker.js';

/** Calls with a right token; what is mine is the walker's. */
function rightToken({ path }: WalkedRoute): Record<string, string> {
  if (path.startsWith('/v1')) return { 'x-vault-token': ROOT_TOKEN };
  const me = path.includes('/me') || path.startsWith('/admin/auth') || path.startsWith('/admin/my-');
  return { authorization: `Bearer ${(me ? scene.walker : scene.admin).token}` };
}

/** Every header a client, a proxy or a mistake may put a secret into. */
function plantedHeaders(): Record<string, string | string[]> {
  return {
    authorization: `Bearer ${plant('token')}`,
    'x-vault-token': plant('client-token'),
    'x-vault-mfa': [`default:${plant('code')}`, plant('mfa')],
    'x-vault-wrap-ttl': plant('wrap'),
    'x-vault-request': plant('flag'),
    'proxy-authorization': `Basic ${Buffer.from(plant('basic')).toString('base64')}`,
    'x-api-key': plant('api-key'),
    'x-request-id': plant('request-id'),
    'x-forwarded-for': plant('forwarded'),
    'user-agent': plant('agent'),
    cookie: `token=${plant('cookie')}`,
    referer: `https://example.com/?token=${plant('referer')}`,
  };
}

const QUERY = () =>
  ['token', 'password', 'access_token', 'otp', 'code', 'X-Vault-Token', 'mfa_request_id', 'secret']
    .map((name) => `${name}=${encodeURIComponent(plant(name))}`)
    .join('&');

/** Where something may be changed, an object of its own; where not, nobody's. */
function fill({ method, path }: WalkedRoute): string {
  const target = ['POST', 'PUT', 'GET'].includes(method) ? targets.get(path) : undefined;
  if (target !== undefined) return target;
  const user = method === 'DELETE' ? 'nobody' : 'target';
  return path
    .replace(':path', 'no-such-mount')
    .replace(':mount_accessor', scene.stage.accessor)
    .replace(':mount', 'userpass')
    .replace(':username', user)
    .replace(':alias', user)
    .replace(':type', 'totp')
    .replace(':role_name', 'walked')
    .replace(':name', 'walked')
    .replace(/:(userDN|DN|deviceDN)/, `CN=${user},OU=local`)
    .replace(/:\w+/g, () => randomUUID());
}

/** Ends what the walk stands on, or lets everybody owe something. */
const LEFT_OUT = new Set(['POST /v1/auth/token/revoke-self', 'POST /admin/authentication/logout']);

/** What is sent is what the caller keeps there and reads again. */
const PREFERENCES = new Set(['PUT /admin/my-preferences']);

/** One call after the other of a route, the routes eight at a time. */
export async function walk(each: (route: WalkedRoute, url: string) => Promise<unknown>): Promise<void> {
  const left = scene.routes.filter(({ path }) => !path.startsWith('/docs'));
  const work = async () => {
    for (let route = left.shift(); route !== undefined; route = left.shift())
      await each(route, `${scene.server.url}${fill(route)}`);
  };
  await Promise.all(Array.from({ length: 8 }, work));
}

function verb({ method }: WalkedRoute): string {
  return method === 'SEARCH' ? 'LIST' : method;
}

function takesBody({ method }: WalkedRoute): boolean {
  return ['POST', 'PUT'].includes(method);
}

/** Bodies that do not parse, each by another fault. */
function broken(): (string | Buffer)[] {
  const secret = plant('password');
  return [
    secret,
    `{"password":"${secret}"`,
    `{"password":"${secret}",}`,
    `{"password":${secret}}`,
    `{"password":"${secret}\n"}`,
    `{"password":"${secret}","__proto__":{"code":"${plant('code')}"}}`,
    `username=nobody&password=${secret}`,
    Buffer.concat([Buffer.from(`{"password":"${secret}`), Buffer.from([0xff, 0xfe]), Buffer.from('"}')]),
  ];
}

export async function walkAsNobody(): Promise<void> {
  await walk(async (route, url) => {
    const sending = { method: verb(route), url: `${url}?${QUERY()}` };
    const what = `${named(route)} as nobody`;
    await ask(what, { ...sending, headers: plantedHeaders() });
    if (takesBody(route)) await ask(what, { ...sending, headers: plantedHeaders(), body: broken()[1] });
  });
}

export async function walkWithToken(): Promise<void> {
  await walk(async (route, url) => {
    const method = verb(route);
    const headers: Sending['headers'] = {
      ...plantedHeaders(),
      authorization: undefined,
      'x-vault-token': undefined,
      ...rightToken(route),
    };
    const send = (what: string, body?: unknown) =>
      ask(`${named(route)} ${what}`, {
        method,
        url: `${url}?${QUERY()}`,
        body,
        headers,
      });
    if (LEFT_OUT.has(named(route))) return;
    if (!takesBody(route)) return send('with a token');
    for (const body of broken()) await send('with a broken body', body);
    for (const body of PREFERENCES.has(named(route)) ? [] : scene.bodies.misplaced(route))
      await send('with misplaced secrets', body);
    return walkValid(route, url, 'with a valid body');
  });
}

/** In the place of each id and name, and of what is searched for. */
export async function walkPaths(): Promise<void> {
  await walk(async (route) => {
    if (LEFT_OUT.has(named(route))) return;
    const path = route.path.replaceAll(/:\w+/g, (name) => encodeURIComponent(plant(name.slice(1))));
    const search = ['query', 'filterBy', 'orderBy', 'range', 'since', 'source', 'list']
      .map((name) => `${name}=${plant(name)}`)
      .join('&');
    for (const url of [
      `${scene.server.url}${path}`,
      `${scene.server.url}${path}?${search}`,
      `${scene.server.url}${path}/${plant('beyond')}`,
    ])
      await ask(`${named(route)} in the path`, {
        method: verb(route),
        url,
        body: takesBody(route) ? '{' : undefined,
        headers: rightToken(route),
      });
  });
}

export async function walkValid(route: WalkedRoute, url: string, what: string): Promise<void> {
  if (!takesBody(route) || LEFT_OUT.has(named(route))) return;
  for (const body of scene.bodies.valid(route))
    await ask(`${named(route)} ${what}`, { method: route.method, url, body, headers: rightToken(route) });
}
