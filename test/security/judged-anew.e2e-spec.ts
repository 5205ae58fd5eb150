import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { type Answer, expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

const NO_TOKEN = { id: 'unauthorized', message: 'The token is missing, invalid or expired. Sign in again.' };

/** Partial, its factor proven, not yet traded for a final token. */
async function proven(player: Player, replica = 0): Promise<AppgateClient> {
  stage.clock.advance(30);
  const partial = await stage.partial(player.name, replica);
  return partial.with((await expecting(200, partial.submit(stage.code(player)))).body.token);
}

/** Acts between the steps of a sign-in, and what each dialect answers to the right code afterwards. */
const BETWEEN: [what: string, act: (player: Player) => Promise<unknown>, appgate: object, vault: object][] = [
  [
    'disabled at /admin',
    (player) => editUser(player, { disabled: true }),
    { status: 401, body: NO_TOKEN },
    { status: 403, body: { errors: ['permission denied'] } },
  ],
  [
    'disabled as an entity',
    ({ entityId }) => stage.root.write(`identity/entity/id/${entityId}`, { disabled: true }),
    { status: 401, body: NO_TOKEN },
    { status: 403, body: { errors: ['permission denied'] } },
  ],
  [
    'deleted',
    ({ name }) => stage.root.remove(`auth/userpass/users/${name}`),
    { status: 401, body: NO_TOKEN },
    { status: 400, body: { errors: ['invalid request ID'] } },
  ],
  [
    'given a new password',
    ({ name }) => stage.root.write(`auth/userpass/users/${name}/password`, { password: `${PASSWORD} new` }),
    { status: 401, body: NO_TOKEN },
    { status: 400, body: { errors: ['invalid request ID'] } },
  ],
  [
    'given a further rule',
    async ({ entityId, name }) =>
      stage.enforce(`further-${name}`, [entityId], [await stage.addMethod(`further for ${name}`)]),
    {
      status: 200,
      body: expect.objectContaining({ user: expect.objectContaining({ needTwoFactorAuth: true }) }),
    },
    { status: 403, body: { errors: [expect.stringContaining('failed to satisfy enforcement further-')] } },
  ],
  [
    'rid of the factor',
    ({ entityId }) =>
      stage.root.write('identity/mfa/method/totp/admin-destroy', {
        method_id: DEFAULT_METHOD,
        entity_id: entityId,
      }),
    { status: 401, body: NO_TOKEN },
    { status: 403, body: { errors: [expect.stringContaining('MFA secret for method ID')] } },
  ],
];

async function editUser({ name }: Player, change: object): Promise<Answer> {
  const admin = await stage.administrator();
  const [user] = (await admin.get(`/local-users?query=${name}`)).body.data;
  return expecting(200, admin.put(`/local-users/${user.id}`, { ...user, ...change }));
}

it('S37 the last step judges anew what changed since the first', async () => {
  for (const [index, [what, act, appgate, vault]] of BETWEEN.entries()) {
    const player = await stage.addProtected(`between-${index}`);
    stage.clock.advance(30);
    const partial = await stage.partial(player.name, 1);
    const requestId = await stage.request(player.name, 1);
    await act(player);
    const atVault = await stage.vault(1).validate(requestId, stage.code(player));
    expect([what, { status: atVault.status, body: atVault.body }]).toEqual([what, vault]);
    const atAdmin = await partial.submit(stage.code(player));
    expect([what, { status: atAdmin.status, body: atAdmin.body }]).toEqual([what, appgate]);
  }
});

it('S37 so does the authorization after the factor', async () => {
  for (const [index, [what, act]] of BETWEEN.entries()) {
    const player = await stage.addProtected(`late-${index}`);
    await stage.makeAdministrator(player.name);
    const done = await proven(player, 1);
    await act(player);
    const expected = what === 'given a further rule' ? 412 : 401;
    expect([what, (await done.authorize()).status]).toEqual([what, expected]);
  }
});
