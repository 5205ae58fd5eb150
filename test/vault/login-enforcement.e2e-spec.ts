import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { addMethod, addUser, DEFAULT_METHOD, logIn, startWorld, UUID, type World } from './world.js';

const PATH = 'identity/mfa/login-enforcement';
const UNKNOWN = '11111111-2222-4333-8444-555555555555';

let world: World;
let entityId: string;
beforeAll(async () => {
  world = await startWorld();
  await addUser(world, 'someone');
  entityId = (await logIn(world, 'someone')).body.auth.entity_id;
});
afterAll(() => world.stop());

const told = ({ status, body }: { status: number; body: unknown }) => [status, body];
const subject = () => ({ mfa_method_ids: [DEFAULT_METHOD], identity_entity_ids: [entityId] });

describe('a login enforcement', () => {
  it('is created, read, listed, changed in part and deleted', async () => {
    const answer = await world.root.write(`${PATH}/one.two-3`, { ...subject(), name: 'ignored' });
    expect([answer.status, answer.text]).toEqual([204, '']);
    const view = {
      name: 'one.two-3',
      id: UUID,
      namespace_id: 'root',
      namespace_path: '',
      mfa_method_ids: [DEFAULT_METHOD],
      auth_method_accessors: [],
      auth_method_types: [],
      identity_group_ids: [],
      identity_entity_ids: [entityId],
    };
    expect((await world.root.read(`${PATH}/one.two-3`)).body.data).toEqual(view);
    expect((await world.root.list(PATH)).body.data).toEqual({
      keys: ['one.two-3'],
      key_info: { 'one.two-3': view },
    });
    await world.root.write(`${PATH}/one.two-3`, {
      mfa_method_ids: [DEFAULT_METHOD],
      auth_method_accessors: [world.accessor],
    });
    expect((await world.root.read(`${PATH}/one.two-3`)).body.data).toEqual({
      ...view,
      auth_method_accessors: [world.accessor],
    });
    for (let time = 0; time < 2; time += 1)
      expect((await world.root.remove(`${PATH}/one.two-3`)).status).toBe(204);
    expect(told(await world.root.read(`${PATH}/one.two-3`))).toEqual([404, { errors: [] }]);
  });

  it('takes a list as one string with commas', async () => {
    const second = await addMethod(world, 'second');
    await world.root.write(`${PATH}/commas`, {
      ...subject(),
      mfa_method_ids: `${DEFAULT_METHOD}, ${second}`,
    });
    expect((await world.root.read(`${PATH}/commas`)).body.data.mfa_method_ids).toEqual([
      DEFAULT_METHOD,
      second,
    ]);
    await world.root.remove(`${PATH}/commas`);
  });

  it.each<[object, string]>([
    [{}, 'missing method ids'],
    [{ mfa_method_ids: [] }, 'missing method ids'],
    [{ mfa_method_ids: '' }, 'missing method ids'],
    [
      { mfa_method_ids: [UNKNOWN], auth_method_accessors: ['x'] },
      "one of the provided method ids doesn't exist",
    ],
    [{ mfa_method_ids: ['x'] }, "one of the provided method ids doesn't exist"],
    [
      { mfa_method_ids: [DEFAULT_METHOD], auth_method_accessors: ['x'], auth_method_types: ['x'] },
      'one of the auth method accessors provided is invalid',
    ],
    [
      { mfa_method_ids: [DEFAULT_METHOD], auth_method_types: ['ldap'], identity_group_ids: [UNKNOWN] },
      'one of the auth method types provided is invalid',
    ],
    [
      { mfa_method_ids: [DEFAULT_METHOD], identity_group_ids: [UNKNOWN], identity_entity_ids: [UNKNOWN] },
      "one of the provided group ids doesn't exist",
    ],
    [
      { mfa_method_ids: [DEFAULT_METHOD], identity_entity_ids: [UNKNOWN] },
      "one of the provided entity ids doesn't exist",
    ],
    [
      { mfa_method_ids: [DEFAULT_METHOD] },
      'One of auth_method_accessors, auth_method_types, identity_group_ids, identity_entity_ids must be specified',
    ],
  ])('S88 refuses %j', async (fields, text) => {
    expect(told(await world.root.write(`${PATH}/refused`, fields))).toEqual([400, { errors: [text] }]);
    expect((await world.root.read(`${PATH}/refused`)).status).toBe(404);
  });

  it.each(['-x', 'x-', 'a%20b', 'a%2Fb', '.x', 'é'])('cannot be named %s', async (name) => {
    const unsupported = [404, { errors: ['1 error occurred:\n\t* unsupported path\n\n'] }];
    expect(told(await world.root.write(`${PATH}/${name}`, subject()))).toEqual(unsupported);
    expect(told(await world.root.read(`${PATH}/${name}`))).toEqual(unsupported);
  });
});

describe('the enforcement admin-mfa', () => {
  const turn = (providerId: string | null) =>
    world.server.database.query('UPDATE admin_mfa_settings SET provider_id = $1', [providerId]);

  it('is reserved, and there while the setting of /admin is on', async () => {
    const reserved = [400, { errors: ['enforcement name is reserved'] }];
    expect(told(await world.root.write(`${PATH}/admin-mfa`, subject()))).toEqual(reserved);
    expect(told(await world.root.remove(`${PATH}/admin-mfa`))).toEqual(reserved);
    expect((await world.root.read(`${PATH}/admin-mfa`)).status).toBe(404);
    await turn(DEFAULT_METHOD);
    const view = {
      name: 'admin-mfa',
      id: UUID,
      namespace_id: 'root',
      namespace_path: '',
      mfa_method_ids: [DEFAULT_METHOD],
      auth_method_accessors: [world.accessor],
      auth_method_types: [],
      identity_group_ids: [],
      identity_entity_ids: [],
    };
    expect((await world.root.read(`${PATH}/admin-mfa`)).body.data).toEqual(view);
    expect((await world.root.list(PATH)).body.data).toEqual({
      keys: ['admin-mfa'],
      key_info: { 'admin-mfa': view },
    });
    const login = await logIn(world, 'someone');
    expect(login.body.auth.mfa_requirement.mfa_constraints).toEqual({
      'admin-mfa': { any: [{ type: 'totp', id: DEFAULT_METHOD, uses_passcode: true, name: 'default' }] },
    });
    await turn(null);
    expect((await logIn(world, 'someone')).body.auth.mfa_requirement).toBeNull();
  });

  it('does not concern further userpass mounts', async () => {
    await turn(DEFAULT_METHOD);
    await world.root.write('sys/auth/apart', { type: 'userpass' });
    await addUser(world, 'someone', {}, 'apart');
    expect((await logIn(world, 'someone', [], 'apart')).body.auth.mfa_requirement).toBeNull();
    await turn(null);
  });
});
