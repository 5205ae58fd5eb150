import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { CONFLICT, FORBIDDEN, NOT_FOUND, notValid } from './error-bodies.js';
import { type PrivilegeLike, withServer } from './scene.js';

const READER: PrivilegeLike[] = [{ type: 'View', target: 'LocalUser', scope: { all: true } }];
const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});

let count = 0;
const make = async (path: string, body: object, by = admin) => {
  const answer = await by.post(path, { name: `made ${++count}`, ...body });
  if (answer.status !== 200) throw new Error(`${answer.status} ${answer.text}`);
  return answer.body;
};
const signsIn = async (name: string) => (await server.client.post('/login', server.credentials(name))).status;

describe.each(['/criteria-scripts', '/user-scripts'])('%s', (path) => {
  it('keeps a script under any name', async () => {
    const script = await make(path, { name: 'any name: "x"', expression: 'return true;', tags: ['t'] });
    expect(script).toEqual({
      id: script.id,
      name: 'any name: "x"',
      notes: '',
      tags: ['t'],
      created: script.created,
      updated: script.created,
      expression: 'return true;',
    });
    const changed = await admin.put(`${path}/${script.id}`, { name: script.name, expression: 'return {};' });
    expect(changed.body).toEqual({
      ...script,
      tags: [],
      expression: 'return {};',
      updated: changed.body.updated,
    });
    expect((await admin.get(`${path}?query=any`)).body.data).toEqual([changed.body]);
    expect((await admin.post(path, { name: 'ANY NAME: "X"', expression: 'x' })).body).toEqual(CONFLICT);
    expect((await admin.delete(`${path}/${script.id}`)).status).toBe(204);
    expect((await admin.get(`${path}/${script.id}`)).body).toEqual(NOT_FOUND);
  });

  it.each([
    [{}, 'may not be null'],
    [{ expression: '' }, 'may not be empty'],
    [{ expression: 1 }, 'must be a string'],
    [{ expression: 'x'.repeat(100_001) }, 'must be at most 100000 characters'],
  ])('S81 refuses a wrong expression (%#)', async (fields, message) => {
    const { status, body } = await admin.post(path, { name: 'wrong', ...fields });
    expect([status, body]).toEqual([422, notValid('expression', message)]);
  });
});

describe('criteria scripts', () => {
  it('can be called by policies, and by each other', async () => {
    await server.plantUser('caller');
    await make('/criteria-scripts', {
      name: 'isCaller',
      expression: 'return claims.user.username === "caller";',
    });
    const outer = await make('/criteria-scripts', { name: 'outer', expression: 'return isCaller(claims);' });
    const role = await make('/administrative-roles', { privileges: READER });
    await make('/policies', {
      type: 'Admin',
      expression: 'return outer(claims);',
      administrativeRoles: [role.id],
    });
    expect(await signsIn('caller')).toBe(200);
    const client = await server.final('caller');
    await admin.put(`/criteria-scripts/${outer.id}`, { ...outer, expression: 'return false;' });
    expect((await client.get('/local-users')).status).toBe(403);
    await admin.delete(`/criteria-scripts/${outer.id}`);
    expect(await signsIn('caller')).toBe(403);
  });

  it('S48 take All/All where an enabled policy with roles calls them', async () => {
    const writer = await server.userWith('scriptwriter', [
      { type: 'All', target: 'CriteriaScript', scope: { all: true } },
    ]);
    const post = (name: string) => writer.post('/criteria-scripts', { name, expression: 'return true;' });
    const free = (await post('unused_by_any')).body;
    expect(
      (await writer.put(`/criteria-scripts/${free.id}`, { ...free, expression: 'return false;' })).status,
    ).toBe(200);
    const role = await make('/administrative-roles', { privileges: READER });
    const policy = await make('/policies', {
      type: 'Admin',
      expression: 'return notYet(claims);',
      administrativeRoles: [role.id],
    });
    const refused = await post('notYet');
    expect([refused.status, refused.body]).toEqual([403, FORBIDDEN]);
    const renamed = await writer.put(`/criteria-scripts/${free.id}`, { ...free, name: 'notYet' });
    expect([renamed.status, renamed.body]).toEqual([403, FORBIDDEN]);
    const used = await make('/criteria-scripts', { name: 'notYet', expression: 'return innerOne(claims);' });
    for (const answer of [
      await writer.put(`/criteria-scripts/${used.id}`, { ...used, expression: 'return true;' }),
      await writer.delete(`/criteria-scripts/${used.id}`),
      await post('innerOne'),
    ])
      expect([answer.status, answer.body]).toEqual([403, FORBIDDEN]);
    await admin.put(`/policies/${policy.id}`, {
      ...policy,
      expression: 'return globalThis["not" + "Other"](claims);',
    });
    expect((await post('notOther')).status).toBe(403);
    await admin.put(`/policies/${policy.id}`, { ...policy, disabled: true });
    expect((await writer.delete(`/criteria-scripts/${used.id}`)).status).toBe(204);
  });
});

describe('user scripts', () => {
  const use = (ids: string[]) =>
    server.rows(`UPDATE identity_providers SET user_scripts = $1 WHERE name = 'local'`, [ids]);

  it('make claims of the users of the providers that name them, merged in order', async () => {
    await server.plantUser('scripted');
    const first = await make('/user-scripts', {
      expression: 'return { level: 1, who: claims.user.username };',
    });
    const second = await make('/user-scripts', { expression: 'return { level: 2 };' });
    const role = await make('/administrative-roles', { privileges: READER });
    const expression =
      'const own = claims.user.agScripted; return own.level === 2 && own.who === "scripted";';
    await make('/policies', { type: 'Admin', expression, administrativeRoles: [role.id] });
    expect(await signsIn('scripted')).toBe(403);
    await use([first.id, second.id]);
    expect(await signsIn('scripted')).toBe(200);
    await use([second.id, first.id]);
    expect(await signsIn('scripted')).toBe(403);
    await use([first.id, second.id]);
    await admin.put(`/user-scripts/${first.id}`, { ...first, expression: 'throw new Error("broken");' });
    expect(await signsIn('scripted')).toBe(403);
    const { data } = (await admin.get('/admin-messages')).body;
    const told = data.filter(({ message }: { message: string }) => message.includes('broken'));
    expect(told.map(({ message }: { message: string }) => message)).toEqual([
      `The user script "${first.name}" failed: Error: broken`,
    ]);
    expect((await admin.delete(`/user-scripts/${first.id}`)).status).toBe(204);
    const [local] = await server.rows(`SELECT user_scripts FROM identity_providers WHERE name = 'local'`);
    expect(local).toEqual({ user_scripts: [second.id] });
    await use([]);
  });

  it('S48 take All/All where a provider of administrators uses them', async () => {
    const writer = await server.userWith('claimwriter', [
      { type: 'All', target: 'UserClaimScript', scope: { all: true } },
    ]);
    const script = await make('/user-scripts', { expression: 'return {};' }, writer);
    await use([script.id]);
    const changed = await writer.put(`/user-scripts/${script.id}`, {
      ...script,
      expression: 'return { admin: true };',
    });
    expect([changed.status, changed.body]).toEqual([403, FORBIDDEN]);
    expect((await writer.delete(`/user-scripts/${script.id}`)).body).toEqual(FORBIDDEN);
    await use([]);
    expect((await writer.delete(`/user-scripts/${script.id}`)).status).toBe(204);
  });
});

describe('POST /conditions/test', () => {
  const test = async (body: object) => (await admin.post('/conditions/test', body)).body;

  it('evaluates an expression on the claims given', async () => {
    const expression =
      'console.log("seen", claims.user.name); return claims.user.name === "x" && claims.device.os === "y" && claims.system.n === 1;';
    const body = await test({
      expression,
      userClaims: { name: 'x' },
      deviceClaims: { os: 'y' },
      systemClaims: { n: 1 },
    });
    expect(body).toEqual({ result: true, output: 'seen x', executionMs: expect.any(Number) });
    expect(await test({ expression: 'return false;' })).toEqual({
      result: false,
      output: '',
      executionMs: expect.any(Number),
    });
  });

  it('shows an expression the claims as they were sent', async () => {
    const expression =
      'print(Object.keys(claims.user).join()); return claims.user.a === null && claims.user.list[0].b === null;';
    const userClaims = { a: null, constructor: 'x', list: [{ b: null, constructor: 1 }] };
    expect(await test({ expression, userClaims })).toMatchObject({
      result: true,
      output: 'a,constructor,list',
    });
  });

  it('calls criteria scripts, at the time given', async () => {
    await make('/criteria-scripts', { name: 'inMay', expression: 'return new Date().getUTCMonth() === 4;' });
    const at = (time: string) => test({ expression: 'return inMay(claims);', time });
    expect([(await at('2026-05-10T00:00:00Z')).result, (await at('2026-06-10T00:00:00Z')).result]).toEqual([
      true,
      false,
    ]);
  });

  it('answers 200 with the error of one that fails', async () => {
    expect(await test({ expression: 'print(1); throw new Error("no");' })).toEqual({
      result: false,
      output: '1',
      error: 'Error: no',
      executionMs: expect.any(Number),
    });
    expect((await test({ expression: 'for (;;) {}' })).error).toBe('The expression took longer than 100 ms.');
  });

  it('asks for one of three privileges', async () => {
    for (const target of ['Condition', 'CriteriaScript', 'Policy', 'All']) {
      const tester = await server.userWith(`tester of ${target}`, [{ type: 'Test', target }]);
      expect((await tester.post('/conditions/test', { expression: 'return true;' })).body.result).toBe(true);
    }
    const other = await server.userWith('tester of another', [{ type: 'Test', target: 'MfaProvider' }]);
    expect((await other.post('/conditions/test', { expression: 'return true;' })).body).toEqual(FORBIDDEN);
  });

  it.each<[object, string[]]>([
    [{}, ['expression', 'may not be null']],
    [{ expression: 'x', userClaims: [] }, ['userClaims', 'must be an object']],
    [{ expression: 'x', time: 'now' }, ['time', 'must be a date-time']],
  ])('S81 refuses a wrong value (%#)', async (body, problems) => {
    expect(await test(body)).toEqual(notValid(...problems));
  });
});

describe('GET /claims/names', () => {
  it('names the claims of all providers and those of the server', async () => {
    const entry = (claimName: string, type: string) => ({ claimName, type, availableForPolicy: true });
    const { status, body } = await admin.get('/claims/names');
    expect([status, body]).toEqual([
      200,
      {
        user: [
          entry('ag', 'dictionary'),
          entry('agScripted', 'dictionary'),
          entry('emails', 'list'),
          entry('firstName', 'string'),
          entry('id', 'string'),
          entry('lastName', 'string'),
          entry('phone', 'string'),
          entry('tags', 'list'),
          entry('username', 'string'),
        ],
        device: [entry('deviceId', 'string')],
        system: [entry('clientSrcIP', 'string'), entry('connectTime', 'date')],
        onDemand: [],
        ztpRiskRules: [],
      },
    ]);
  });
});
