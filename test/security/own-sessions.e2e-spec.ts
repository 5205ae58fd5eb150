import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

const MINE = '/sallyport/me/sessions';
const FORBIDDEN = { id: 'forbidden', message: "You don't have permission to access this resource." };

let stage: Stage;
let people = 0;
let name: string;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

async function signedIn(): Promise<AppgateClient> {
  name = `person-${++people}`;
  await stage.addUser(name);
  await stage.makeAdministrator(name);
  return stage.appgate().final(name, PASSWORD);
}

interface Listed {
  accessor: string;
  dialect: string;
  current?: boolean;
}

const listed = async (client: AppgateClient, path = MINE): Promise<Listed[]> =>
  (await expecting(200, client.get(path))).body.data;

it('S39 lists the sessions of both dialects, and never a token or its hash', async () => {
  const client = await signedIn();
  const { auth } = (await expecting(200, stage.vault(1).logIn(name, PASSWORD))).body;
  const answer = await expecting(200, client.get(MINE));
  expect(answer.body.data.map(({ dialect }: Listed) => dialect).toSorted()).toEqual(['admin', 'vault']);
  expect(answer.body.data.map(({ accessor }: Listed) => accessor)).toContain(auth.accessor);
  const hashes = await stage.rows(`SELECT encode(token_hash, 'hex') AS hash FROM tokens`);
  for (const secret of [client.token!, auth.client_token, ...hashes.map(({ hash }) => hash)])
    expect(answer.text).not.toContain(secret);
});

it('S39 ends one by its accessor: dead at the next request on the other replica', async () => {
  const client = await signedIn();
  const other = await stage.appgate(1).final(name, PASSWORD);
  const { auth } = (await expecting(200, stage.vault(1).logIn(name, PASSWORD))).body;
  await expecting(204, client.delete(`${MINE}/${auth.accessor}`));
  await expecting(403, stage.vault(1).with(auth.client_token).read('auth/token/lookup-self'));
  const [doomed] = (await listed(client)).filter(({ current }) => !current);
  await expecting(204, client.delete(`${MINE}/${doomed!.accessor}`));
  await expecting(401, other.get(MINE));
  await expecting(404, client.delete(`${MINE}/${doomed!.accessor}`));
  expect(await listed(client)).toHaveLength(1);
});

it('S36 S39 an ended session cannot be made again from its partial token', async () => {
  const client = await signedIn();
  const partial = await stage.partial(name);
  await expecting(200, partial.authorize());
  const [doomed] = (await listed(client)).filter(({ current }) => !current);
  await expecting(204, client.delete(`${MINE}/${doomed!.accessor}`));
  await expecting(401, partial.authorize());
});

it("S39 S42 ending another's is forbidden, and an accessor nobody has is answered the same", async () => {
  await signedIn();
  const { auth } = (await expecting(200, stage.vault().logIn(name, PASSWORD))).body;
  const thief = await signedIn();
  for (const accessor of [
    auth.accessor,
    'A'.repeat(24),
    '%00',
    thief.token!.slice(0, 24).replaceAll('/', 'a'),
  ]) {
    const refused = await thief.delete(`${MINE}/${encodeURIComponent(decodeURIComponent(accessor))}`);
    expect([refused.status, refused.body]).toEqual([403, FORBIDDEN]);
  }
  await expecting(200, stage.vault(1).with(auth.client_token).read('auth/token/lookup-self'));
});

it('S39 ends all others, partial tokens and pending requests too, and keeps this one', async () => {
  const client = await signedIn();
  const other = await stage.appgate(1).final(name, PASSWORD);
  const partial = await stage.partial(name, 1);
  const { auth } = (await expecting(200, stage.vault(1).logIn(name, PASSWORD))).body;
  await expecting(204, client.delete(MINE));
  await expecting(401, other.get(MINE));
  await expecting(401, partial.authorize());
  await expecting(403, stage.vault(1).with(auth.client_token).read('auth/token/lookup-self'));
  expect(await listed(client)).toEqual([expect.objectContaining({ current: true })]);
});

it('S39 a session ended at /admin, an expired and a disabled one are listed no more', async () => {
  const client = await signedIn();
  await expecting(204, (await stage.appgate(1).final(name, PASSWORD)).post('/authentication/logout'));
  expect(await listed(client)).toHaveLength(1);
  await stage.appgate(1).final(name, PASSWORD);
  stage.clock.advance(3000);
  await expecting(200, client.get(MINE));
  stage.clock.advance(1200);
  expect(await listed(client)).toHaveLength(1);
});

it('S39 S45 administrators list and end those in their scope only', async () => {
  const client = await signedIn();
  const owner = name;
  const admin = await stage.administrator();
  const path = `/sallyport/users/CN=${owner},OU=local/sessions`;
  const [held] = await listed(admin, path);
  expect(held).not.toHaveProperty('current');
  await expecting(404, admin.get('/sallyport/users/CN=nobody,OU=local/sessions'));
  await expecting(404, admin.get(`/sallyport/users/CN=${owner},OU=elsewhere/sessions`));
  await expecting(404, admin.delete(`${path}/${'A'.repeat(24)}`));
  const [adminHeld] = await listed(admin, '/sallyport/users/CN=admin,OU=local/sessions');
  await expecting(404, admin.delete(`${path}/${adminHeld!.accessor}`));
  const outsider = await limited('View', 'SessionInfo', 'c0ffee00-0000-4000-8000-000000000000');
  await expecting(404, outsider.get(path));
  await expecting(403, outsider.delete(`${path}/${held!.accessor}`));
  await expecting(204, admin.delete(`${path}/${held!.accessor}`));
  await expecting(401, client.at(stage.servers[1]!.url).get(MINE));
});

/** Somebody with one privilege, scoped to one identity provider. */
async function limited(type: string, target: string, providerId: string): Promise<AppgateClient> {
  const helper = `helper-${++people}`;
  await stage.addUser(helper);
  const privileges = [{ type, target, scope: { all: false, ids: [providerId], tags: [] } }];
  await stage.rows(
    `WITH role AS (INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at)
       VALUES (gen_random_uuid(), $1, $1, $2::jsonb, now(), now()) RETURNING id)
     INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     SELECT gen_random_uuid(), $1, $1, 'Admin', $3, ARRAY[id], now(), now() FROM role`,
    [helper, JSON.stringify(privileges), `return claims.user.username === "${helper}";`],
  );
  return stage.appgate().final(helper, PASSWORD);
}
