import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { walkRoutes, type WalkedRoute } from '../../apps/server/src/http/route-walk.js';
import { addUser, logIn, startWorld, type World } from './world.js';

/** Open routes: a change here is a change of who may knock. The first two can yield a token. */
const OPEN = [
  'POST /v1/auth/:mount/login/:username',
  'POST /v1/sys/mfa/validate',
  'POST /v1/identity/mfa/method/totp/self-enroll',
  'GET /v1/sys/health',
  'HEAD /v1/sys/health',
  'GET /v1/sys/init',
  'GET /v1/sys/internal/ui/mounts',
  'POST /v1/sys/init',
  'GET /v1/sys/leader',
  'GET /v1/sys/seal-status',
];

/** What a user's own token opens, by the policy `default`. */
const OWN = [
  'GET /v1/auth/token/lookup-self',
  'POST /v1/auth/token/renew-self',
  'POST /v1/auth/token/revoke-self',
  'POST /v1/sys/capabilities-self',
  'GET /v1/sys/internal/ui/resultant-acl',
  'POST /v1/identity/mfa/method/totp/self-reset',
  'POST /v1/identity/mfa/method/totp/self-reset/confirm',
];

let world: World;
let routes: WalkedRoute[];
beforeAll(async () => {
  world = await startWorld();
  routes = walkRoutes(world.server.app).filter(({ path }) => path.startsWith('/v1'));
});
afterAll(() => world.stop());

const spelled = ({ method, path }: WalkedRoute) => `${method} ${path}`;
const closed = () => routes.filter((route) => !OPEN.includes(spelled(route)));

function call({ method, path }: WalkedRoute, token: string | null) {
  const filled = path
    .slice('/v1/'.length)
    .replace(':mount', 'userpass')
    .replace(/:\w+/g, () => randomUUID());
  return world.anonymous.as(token).send(method === 'SEARCH' ? 'LIST' : method, filled);
}

it('S44 every route states its access, and the open ones are these', () => {
  expect(routes.length).toBeGreaterThan(40);
  expect(routes.filter(({ access }) => access === null)).toEqual([]);
  const open = routes.filter(({ access }) => access?.kind === 'open').map(spelled);
  expect(open.sort()).toEqual([...OPEN].sort());
});

it('S44 every other route refuses a caller without a token, with a dead one, and with a pending request', async () => {
  for (const route of closed()) {
    expect([spelled(route), (await call(route, null)).body]).toEqual([
      spelled(route),
      { errors: ['permission denied'] },
    ]);
    const dead = { errors: ['2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'] };
    expect([spelled(route), (await call(route, randomUUID())).body]).toEqual([spelled(route), dead]);
  }
});

it('S44 a user’s own token opens its own routes and no other', async () => {
  await addUser(world, 'walker');
  let token = (await logIn(world, 'walker')).body.auth.client_token;
  for (const route of closed()) {
    const { status, body } = await call(route, token);
    const forbidden = { errors: ['1 error occurred:\n\t* permission denied\n\n'] };
    if (OWN.includes(spelled(route))) {
      expect([spelled(route), status === 403]).toEqual([spelled(route), false]);
      token = (await logIn(world, 'walker')).body.auth.client_token;
    } else {
      // A route for any token asks for more than one path's capability, and says so in words of its own.
      const refusal = route.access?.kind === 'live-token' ? body : forbidden;
      expect([spelled(route), status, body]).toEqual([spelled(route), 403, refusal]);
    }
  }
});
