import { expecting } from '../support/send.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inLine } from '../support/in-line.js';
import { Authenticator } from './authenticator.js';
import {
  addMethod,
  addUser,
  DEFAULT_METHOD,
  enforce,
  enrolledUser,
  logIn,
  startWorld,
  UUID,
  validate,
  type World,
} from './world.js';

const METHOD = 'identity/mfa/method';
const TOTP = `${METHOD}/totp`;
const UNKNOWN = '11111111-2222-4333-8444-555555555555';
const NO_METHOD = { errors: [`configuration for method ID "${UNKNOWN}" does not exist`] };

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const now = () => world.server.clock.now();
const told = ({ status, body }: { status: number; body: unknown }) => [status, body];
const refusal = (text: string) => [400, { errors: [text] }];
const wrapped = (text: string) => refusal(`1 error occurred:\n\t* ${text}\n\n`);

describe('the paths of methods', () => {
  const PATH = [404, { errors: ['1 error occurred:\n\t* unsupported path\n\n'] }];
  const OPERATION = [405, { errors: ['1 error occurred:\n\t* unsupported operation\n\n'] }];

  it.each(['generate', 'admin-generate', 'admin-destroy', 'self-reset', 'self-reset/confirm'])(
    'know no other verb for totp/%s',
    async (operation) => {
      for (const verb of ['GET', 'DELETE', 'LIST'])
        expect([verb, ...told(await world.root.send(verb, `${TOTP}/${operation}`))]).toEqual([
          verb,
          ...OPERATION,
        ]);
    },
  );

  it('know no other verb for totp/self-enroll, with or without a token', async () => {
    for (const verb of ['GET', 'DELETE', 'LIST'])
      for (const client of [world.anonymous, world.root])
        expect(told(await client.send(verb, `${TOTP}/self-enroll`))).toEqual([
          405,
          { errors: ['unsupported operation'] },
        ]);
  });

  it.each(['foo', 'foo/bar', 'totp/foo', 'okta/generate', `foo/${UNKNOWN}`])('know no %s', async (path) => {
    const fields = { issuer: 'Example', org_name: 'Example', api_token: 'x' };
    for (const verb of ['GET', 'PUT', 'DELETE', 'LIST'])
      expect([verb, ...told(await world.root.send(verb, `${METHOD}/${path}`, { body: fields }))]).toEqual([
        verb,
        ...PATH,
      ]);
  });

  it('know other verbs for a type and an id', async () => {
    expect(told(await world.root.send('PUT', `${METHOD}/${UNKNOWN}`))).toEqual(OPERATION);
    expect(told(await world.root.list(`${TOTP}/${UNKNOWN}`))).toEqual(OPERATION);
    expect(told(await world.root.remove(`${METHOD}/okta`))).toEqual(OPERATION);
  });
});

describe('a TOTP method', () => {
  it('is created, read in every way, and deleted', async () => {
    const fields = {
      method_name: 'work/phone',
      issuer: 'Example Corp',
      period: '45s',
      digits: '8',
      algorithm: 'SHA256',
      skew: 0,
    };
    const made = await world.root.write(TOTP, fields);
    expect(made.body.data).toEqual({ method_id: UUID });
    const id = made.body.data.method_id;
    const view = {
      issuer: 'Example Corp',
      period: 45,
      digits: 8,
      skew: 0,
      key_size: 20,
      qr_size: 200,
      algorithm: 'SHA256',
      max_validation_attempts: 5,
      enable_self_enrollment: false,
      account_name: '',
      type: 'totp',
      id,
      name: 'work/phone',
      namespace_id: 'root',
      namespace_path: '',
    };
    for (const path of [`${TOTP}/${id}`, `${METHOD}/${id}`])
      expect((await world.root.read(path)).body.data).toEqual(view);
    for (const path of [TOTP, METHOD]) {
      const { keys, key_info } = (await world.root.list(path)).body.data;
      expect(keys).toContain(id);
      expect(key_info[id]).toEqual(view);
    }
    expect((await world.root.remove(`${TOTP}/${id}`)).status).toBe(204);
    expect(told(await world.root.read(`${TOTP}/${id}`))).toEqual([404, { errors: [] }]);
    expect((await world.root.remove(`${TOTP}/${id}`)).status).toBe(204);
  });

  it('of a known name is updated and keeps its id', async () => {
    const id = await addMethod(world, 'same');
    const again = await world.root.write(TOTP, { method_name: 'same', issuer: 'Other' });
    expect(again.body.data.method_id).toBe(id);
    expect((await world.root.read(`${TOTP}/${id}`)).body.data.issuer).toBe('Other');
  });

  it('is replaced whole, but for its name', async () => {
    const id = await addMethod(world, 'replaced', { digits: 8, max_validation_attempts: 3, qr_size: 0 });
    const answer = await world.root.write(`${TOTP}/${id}`, { issuer: 'New', uuid: 'x' });
    expect([answer.status, answer.text]).toEqual([204, '']);
    const { data } = (await world.root.read(`${TOTP}/${id}`)).body;
    expect(data).toMatchObject({
      issuer: 'New',
      digits: 6,
      max_validation_attempts: 5,
      qr_size: 200,
      name: 'replaced',
    });
    expect(told(await world.root.write(`${TOTP}/${id}`, { digits: 6 }))).toEqual(
      refusal('issuer must be set'),
    );
  });

  it('is not renamed onto another, and an unknown id is not replaced', async () => {
    await addMethod(world, 'taken');
    const id = await addMethod(world, 'renaming');
    const answer = await world.root.write(`${TOTP}/${id}`, { issuer: 'i', method_name: 'taken' });
    expect(told(answer)).toEqual(
      wrapped('a login MFA method configuration with the method name taken already exists'),
    );
    expect(told(await world.root.write(`${TOTP}/${UNKNOWN}`, { issuer: 'i' }))).toEqual([
      404,
      { errors: [] },
    ]);
  });

  it.each([
    [{ algorithm: 'sha1' }, 'unrecognized algorithm'],
    [{ algorithm: 'MD5', digits: 7 }, 'unrecognized algorithm'],
    [{ digits: 7, period: 0 }, 'digits can only be 6 or 8'],
    [{ period: 0 }, 'period must be greater than zero'],
    [{ period: 61 }, 'period must be at most 60'],
    [{ skew: 2 }, 'skew must be 0 or 1'],
    [{ key_size: 0, issuer: '' }, 'key_size must be greater than zero'],
    [{ issuer: '', max_validation_attempts: -1 }, 'issuer must be set'],
    [{ issuer: 'x'.repeat(256) }, 'issuer must be at most 255 characters'],
    [{ max_validation_attempts: -1 }, 'max_validation_attempts must be greater than zero'],
    [{ qr_size: -1 }, 'qr_size must not be negative'],
    [{ account_name: '{{nonsense}}' }, 'account_name template is invalid: unknown template parameter'],
    [
      { period: 'x' },
      'Field validation failed: error converting input for field "period": expected a duration',
    ],
    [
      { period: -1 },
      'Field validation failed: error converting input for field "period": cannot be negative',
    ],
    [
      { digits: 'six' },
      'Field validation failed: error converting input for field "digits": expected an integer',
    ],
  ])('S88 refuses %j', async (fields, text) => {
    expect(told(await world.root.write(TOTP, { issuer: 'i', ...fields }))).toEqual(refusal(text));
  });

  it('echoes limits it does not keep', async () => {
    const id = await addMethod(world, 'echo', { max_validation_attempts: 50, key_size: 10, qr_size: 5000 });
    const { data } = (await world.root.read(`${TOTP}/${id}`)).body;
    expect(data).toMatchObject({ max_validation_attempts: 50, key_size: 10, qr_size: 5000 });
  });

  it('of another type is neither read nor deleted', async () => {
    const id = await addMethod(world, 'typed');
    expect(told(await world.root.read(`${METHOD}/okta/${id}`))).toEqual(
      refusal('failed to find the method ID under MFA type okta.'),
    );
    expect(told(await world.root.remove(`${METHOD}/okta/${id}`))).toEqual(
      wrapped('method type does not match the MFA config type'),
    );
    expect((await world.root.read(`${TOTP}/${id}`)).status).toBe(200);
    expect(told(await world.root.list(`${METHOD}/okta`))).toEqual([404, { errors: [] }]);
  });

  it('in use is not deleted', async () => {
    const id = await addMethod(world, 'used');
    const { entityId } = await enrolledUser(world, 'user-of-it', id);
    await enforce(world, 'using', [id], [entityId]);
    const enforcement = (await world.root.read('identity/mfa/login-enforcement/using')).body.data.id;
    expect(told(await world.root.remove(`${TOTP}/${id}`))).toEqual(
      wrapped(`methodID is still used by an enforcement configuration with ID: ${enforcement}`),
    );
  });

  it('takes its seeds along', async () => {
    const id = await addMethod(world, 'leaving');
    const { entityId } = await enrolledUser(world, 'left', id);
    await world.root.remove(`${TOTP}/${id}`);
    const anew = await addMethod(world, 'leaving');
    expect(anew).not.toBe(id);
    const { data } = (await world.root.read(`identity/entity/id/${entityId}`)).body;
    expect(data.mfa_authenticators).toEqual([]);
  });

  it('that goes while a key of it is made, or whose person goes, is not there for it', async () => {
    const { root, server } = world;
    const id = await addMethod(world, 'going');
    const { body } = await root.write('identity/entity', { name: 'going' });
    const entityId = body.data.id as string;
    const make = () => root.write(`${TOTP}/admin-generate`, { method_id: id, entity_id: entityId });
    const [, personless] = await inLine(
      server,
      `SELECT 1 FROM principals WHERE id = '${entityId}' FOR UPDATE`,
      [() => root.remove(`identity/entity/id/${entityId}`), make],
    );
    expect(told(personless)).toEqual(refusal('invalid entity ID'));
    const { body: again } = await root.write('identity/entity', { name: 'staying' });
    const [gone, methodless] = await inLine(
      server,
      `SELECT 1 FROM mfa_methods WHERE id = '${id}' FOR UPDATE`,
      [
        () => root.remove(`${TOTP}/${id}`),
        () => root.write(`${TOTP}/admin-generate`, { method_id: id, entity_id: again.data.id }),
      ],
    );
    expect([gone.status, ...told(methodless)]).toEqual([
      204,
      ...refusal(`configuration for method ID "${id}" does not exist`),
    ]);
  });

  it.each(['', 'x', DEFAULT_METHOD.toUpperCase(), `${UNKNOWN}0`])(
    'is not found under the id %j',
    async (id) => {
      const expected =
        id === ''
          ? refusal('missing method ID')
          : [404, { errors: ['1 error occurred:\n\t* unsupported path\n\n'] }];
      expect(told(await world.root.read(`${TOTP}/${id}`))).toEqual(expected);
      expect(told(await world.root.remove(`${TOTP}/${id}`))).toEqual(expected);
    },
  );
});

describe('the built-in method', () => {
  it('cannot be deleted, renamed or changed where /admin relies on it', async () => {
    const path = `${TOTP}/${DEFAULT_METHOD}`;
    expect(told(await world.root.remove(path))).toEqual(refusal('built-in MFA method cannot be deleted'));
    for (const fields of [{ method_name: 'x' }, { digits: 8 }, { period: 60 }, { algorithm: 'SHA256' }])
      expect(told(await world.root.write(path, fields))).toEqual(
        refusal('built-in MFA method cannot be changed'),
      );
    expect((await world.root.write(path, { max_validation_attempts: 7 })).status).toBe(204);
    expect((await world.root.read(path)).body.data).toMatchObject({
      issuer: 'Sallyport',
      max_validation_attempts: 7,
      name: 'default',
    });
  });
});

describe('generate', () => {
  const generate = (token: string | null, body: object) =>
    world.anonymous.as(token).write(`${TOTP}/generate`, body);
  // The policy `default` does not allow it (§5.4).
  const OWN = { token_policies: 'own-totp' };
  beforeAll(() =>
    world.root.write('sys/policies/acl/own-totp', {
      policy: `path "${TOTP}/generate" { capabilities = ["update"] }`,
    }),
  );

  it('makes a secret once, for whoever calls', async () => {
    await addUser(world, 'caller', OWN);
    const { client_token: token } = (await logIn(world, 'caller')).body.auth;
    const id = await addMethod(world, 'own', { issuer: 'Example Corp', algorithm: 'SHA512', digits: 8 });
    const first = await generate(token, { method_id: id });
    expect(first.body.data).toEqual({
      url: expect.stringMatching(
        /^otpauth:\/\/totp\/Example%20Corp:caller\?algorithm=SHA512&digits=8&issuer=Example%20Corp&period=30&secret=[A-Z2-7]{32}$/,
      ),
      barcode: expect.stringMatching(/^iVBORw0KGgo/),
    });
    const second = await generate(token, { method_id: id });
    expect([second.status, second.body.data, second.body.warnings]).toEqual([
      200,
      null,
      ['Entity already has a secret for MFA method "own"'],
    ]);
  });

  it('S15 S17 makes one that logs in', async () => {
    await addUser(world, 'journey', OWN);
    const { client_token: token, entity_id: entityId } = (await logIn(world, 'journey')).body.auth;
    const authenticator = new Authenticator(
      (await generate(token, { method_id: DEFAULT_METHOD })).body.data.url,
    );
    await enforce(world, 'journey', [DEFAULT_METHOD], [entityId]);
    const requestId = (await logIn(world, 'journey')).body.auth.mfa_requirement.mfa_request_id;
    const answer = await validate(world, requestId, { default: [authenticator.codeAt(now(), -1)] });
    expect(answer.status).toBe(200);
  });

  it('draws no barcode of size 0', async () => {
    const id = await addMethod(world, 'no-barcode', { qr_size: 0 });
    await addUser(world, 'barcode', OWN);
    const { client_token: token } = (await logIn(world, 'barcode')).body.auth;
    expect((await generate(token, { method_id: id })).body.data.barcode).toBe('');
  });

  it('refuses, in this order', async () => {
    await addUser(world, 'order', OWN);
    const { client_token: token } = (await logIn(world, 'order')).body.auth;
    expect(told(await generate(world.server.rootToken, {}))).toEqual(refusal('missing method ID'));
    expect(told(await generate(world.server.rootToken, { method_id: UNKNOWN }))).toEqual(
      refusal('missing entityID'),
    );
    expect(told(await generate(token, { method_id: UNKNOWN }))).toEqual([400, NO_METHOD]);
    expect(told(await generate(null, {}))).toEqual([403, { errors: ['permission denied'] }]);
  });

  it('is for oneself: admin-generate and admin-destroy are not', async () => {
    await addUser(world, 'meddler');
    const { client_token: token, entity_id } = (await logIn(world, 'meddler')).body.auth;
    for (const act of ['admin-generate', 'admin-destroy']) {
      const answer = await world.anonymous
        .as(token)
        .write(`${TOTP}/${act}`, { method_id: DEFAULT_METHOD, entity_id });
      expect(told(answer)).toEqual([403, { errors: ['1 error occurred:\n\t* permission denied\n\n'] }]);
    }
  });
});

describe('admin-generate and admin-destroy', () => {
  const act = (name: string, body: object) => world.root.write(`${TOTP}/admin-${name}`, body);

  it('refuse, in this order', async () => {
    const { entityId } = await enrolledUser(world, 'target');
    expect(told(await act('generate', {}))).toEqual(refusal('missing method ID'));
    expect(told(await act('generate', { method_id: UNKNOWN }))).toEqual(refusal('missing entityID'));
    expect(told(await act('generate', { method_id: UNKNOWN, entity_id: 'x' }))).toEqual([400, NO_METHOD]);
    for (const entity_id of [UNKNOWN, 'x'])
      expect(told(await act('generate', { method_id: DEFAULT_METHOD, entity_id }))).toEqual(
        refusal('invalid entity ID'),
      );
    expect(told(await act('destroy', {}))).toEqual(refusal('missing method ID'));
    expect(told(await act('destroy', { method_id: UNKNOWN }))).toEqual(refusal('missing entity ID'));
    expect(told(await act('destroy', { method_id: UNKNOWN, entity_id: UNKNOWN }))).toEqual(
      refusal('invalid entity ID'),
    );
    expect(told(await act('destroy', { method_id: UNKNOWN, entity_id: entityId }))).toEqual([400, NO_METHOD]);
  });

  it('S63 a destroyed seed ends the tokens; where there was none nothing ends', async () => {
    const { entityId, token } = await enrolledUser(world, 'reset');
    const target = { method_id: DEFAULT_METHOD, entity_id: entityId };
    const self = () => world.anonymous.as(token).read('auth/token/lookup-self');
    const other = await addMethod(world, 'without-seed');
    expect((await act('destroy', { ...target, method_id: other })).status).toBe(204);
    expect((await self()).status).toBe(200);
    expect((await act('destroy', target)).status).toBe(204);
    expect((await self()).status).toBe(403);
    expect((await act('generate', target)).body.data.url).toMatch(/^otpauth:/);
  });

  it('S61 take no factor of oneself for a password alone', async () => {
    const { entityId } = await enrolledUser(world, 'own-desk');
    const policy = `path "${TOTP}/admin-destroy" { capabilities = ["update"] }`;
    await expecting(204, world.root.write('sys/policies/acl/own-desk', { policy }));
    await expecting(
      204,
      world.root.write('auth/userpass/users/own-desk/policies', { token_policies: 'own-desk' }),
    );
    const { client_token: token } = (await logIn(world, 'own-desk')).body.auth;
    const destroy = () =>
      world.anonymous
        .as(token)
        .write(`${TOTP}/admin-destroy`, { method_id: DEFAULT_METHOD, entity_id: entityId });
    expect(told(await destroy())).toEqual([
      403,
      { errors: ['1 error occurred:\n\t* permission denied\n\n'] },
    ]);
    await world.server.database.query(`UPDATE tokens SET factors = $1 WHERE principal_id = $2`, [
      JSON.stringify([
        { methodId: DEFAULT_METHOD, type: 'totp', time: world.server.clock.now().toISOString() },
      ]),
      entityId,
    ]);
    expect((await destroy()).status).toBe(204);
  });
});

describe('methods of four types', () => {
  const FIELDS: Record<string, object> = {
    totp: { issuer: 'Example' },
    duo: { secret_key: 's', integration_key: 'i', api_hostname: 'api.example.com' },
    okta: { org_name: 'acme', api_token: 't' },
    pingid: { settings_file_base64: Buffer.from('org_alias=acme').toString('base64') },
  };
  let apart: World;
  beforeAll(async () => {
    apart = await startWorld();
  });
  afterAll(() => apart.stop());

  it('are five with the built-in one, and none is read or deleted under the type of another', async () => {
    const made: [type: string, id: string][] = [];
    for (const [type, fields] of Object.entries(FIELDS))
      made.push([type, (await apart.root.write(`${METHOD}/${type}`, fields)).body.data.method_id]);
    const all = async () => (await apart.root.list(METHOD)).body.data;
    const { keys, key_info } = await all();
    expect(keys.toSorted()).toEqual([DEFAULT_METHOD, ...made.map(([, id]) => id)].toSorted());
    for (const [type, id] of made) expect(key_info[id]).toMatchObject({ type, id });
    const { entityId } = await enrolledUser(apart, 'of-four', made[0]![1]);
    for (const [own, id] of made)
      for (const type of Object.keys(FIELDS).filter((other) => other !== own)) {
        expect(told(await apart.root.read(`${METHOD}/${type}/${id}`))).toEqual(
          refusal(`failed to find the method ID under MFA type ${type}.`),
        );
        expect(told(await apart.root.remove(`${METHOD}/${type}/${id}`))).toEqual(
          wrapped('method type does not match the MFA config type'),
        );
      }
    expect(await all()).toEqual({ keys, key_info });
    const { data } = (await apart.root.read(`identity/entity/id/${entityId}`)).body;
    expect(data.mfa_authenticators).toMatchObject([{ method_id: made[0]![1], state: 'bound' }]);
    for (const [type, id] of made) {
      expect((await apart.root.list(`${METHOD}/${type}`)).body.data.keys).toContain(id);
      expect((await apart.root.remove(`${METHOD}/${type}/${id}`)).status).toBe(204);
      expect((await apart.root.read(`${METHOD}/${id}`)).status).toBe(404);
    }
    expect((await all()).keys).toEqual([DEFAULT_METHOD]);
  });
});
