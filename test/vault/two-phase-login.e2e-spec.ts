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
import { whileDeleting } from '../support/planted-faults.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const now = () => world.server.clock.now();
const INVALID_REQUEST = { errors: ['invalid request ID'] };

async function begin(name: string): Promise<string> {
  return (await logIn(world, name)).body.auth.mfa_requirement.mfa_request_id;
}

/** A user who owes one method of its own, and has it. */
async function owingUser(name: string, fields: object = {}) {
  const methodId = await addMethod(world, `method-${name}`, fields);
  const user = await enrolledUser(world, name, methodId);
  await enforce(world, name, [methodId], [user.entityId]);
  return { ...user, methodId, name };
}

function failed(enforcement: string, methodIds: string[], ...reasons: string[]) {
  const bullets = [...reasons, `login MFA validation failed for methodID: [${methodIds.join(' ')}]`];
  const text = `${bullets.length} errors occurred:\n${bullets.map((bullet) => `\t* ${bullet}\n`).join('')}\n`;
  return { errors: [`failed to satisfy enforcement ${enforcement}. error: ${text}`] };
}

const WRONG = 'failed to validate TOTP passcode';

describe('phase 1', () => {
  it('answers no token and what is owed, exactly', async () => {
    const user = await owingUser('phase1');
    const { status, body } = await logIn(world, 'phase1');
    expect(status).toBe(200);
    expect(body).toEqual({
      request_id: UUID,
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      data: null,
      wrap_info: null,
      warnings: [
        'A login request was issued that is subject to MFA validation. Please make sure to validate the login by sending another request to mfa/validate endpoint.',
      ],
      auth: {
        client_token: '',
        accessor: '',
        policies: null,
        metadata: null,
        lease_duration: 0,
        renewable: false,
        entity_id: '',
        token_type: 'default',
        orphan: false,
        mfa_requirement: {
          mfa_request_id: UUID,
          mfa_constraints: {
            phase1: {
              any: [{ type: 'totp', id: user.methodId, uses_passcode: true, name: 'method-phase1' }],
            },
          },
        },
        num_uses: 0,
      },
      mount_type: 'userpass',
    });
  });

  it('leaves an empty name out, and tells where a first authenticator may be made', async () => {
    const made = await world.root.write('identity/mfa/method/totp', {
      issuer: 'i',
      enable_self_enrollment: true,
    });
    const methodId = made.body.data.method_id;
    await addUser(world, 'nameless');
    const { entity_id } = (await logIn(world, 'nameless')).body.auth;
    await enforce(world, 'nameless', [methodId], [entity_id]);
    const { mfa_constraints } = (await logIn(world, 'nameless')).body.auth.mfa_requirement;
    expect(mfa_constraints).toEqual({
      nameless: { any: [{ type: 'totp', id: methodId, uses_passcode: true, self_enrollment_enabled: true }] },
    });
  });

  it('matches by entity, by accessor and by mount type', async () => {
    await world.root.write('sys/auth/matching', { type: 'userpass' });
    const { accessor } = (await world.root.read('sys/auth/matching')).body.data;
    await addUser(world, 'm', {}, 'matching');
    const path = 'identity/mfa/login-enforcement/matching';
    const owed = async () => (await logIn(world, 'm', [], 'matching')).body.auth.mfa_requirement;
    expect(await owed()).toBeNull();
    await world.root.write(path, { mfa_method_ids: DEFAULT_METHOD, auth_method_accessors: accessor });
    expect(Object.keys((await owed()).mfa_constraints)).toEqual(['matching']);
    await world.root.write(path, {
      mfa_method_ids: DEFAULT_METHOD,
      auth_method_accessors: '',
      auth_method_types: 'userpass',
    });
    expect(Object.keys((await owed()).mfa_constraints)).toEqual(['matching']);
    await world.root.remove(path);
    expect(await owed()).toBeNull();
  });
});

describe('sys/mfa/validate', () => {
  it('answers the same as a login without a second factor', async () => {
    const user = await owingUser('success');
    const requestId = await begin('success');
    const { status, body } = await validate(world, requestId, {
      [user.methodId]: [user.authenticator.codeAt(now())],
    });
    expect(status).toBe(200);
    expect(body).toEqual({
      request_id: UUID,
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      data: null,
      wrap_info: null,
      warnings: null,
      auth: {
        client_token: expect.stringMatching(/^hvs\.[0-9A-Za-z]{43}$/),
        accessor: expect.stringMatching(/^[0-9A-Za-z]{24}$/),
        policies: ['default'],
        token_policies: ['default'],
        metadata: { username: 'success' },
        lease_duration: 2764800,
        renewable: true,
        entity_id: user.entityId,
        token_type: 'service',
        orphan: true,
        mfa_requirement: null,
        num_uses: 0,
      },
      mount_type: 'system',
    });
    const again = await validate(world, requestId, {
      [user.methodId]: [user.authenticator.codeAt(now(), 1)],
    });
    expect([again.status, again.body]).toEqual([400, INVALID_REQUEST]);
  });

  it('takes the method by its name, and lets a right code follow a wrong one', async () => {
    const user = await owingUser('byname');
    const requestId = await begin('byname');
    const wrong = await validate(world, requestId, { 'method-byname': [user.authenticator.wrongAt(now())] });
    expect([wrong.status, wrong.body]).toEqual([403, failed('byname', [user.methodId], WRONG)]);
    const right = await validate(world, requestId, {
      'METHOD-byname': [`passcode=${user.authenticator.codeAt(now())}`],
    });
    expect(right.status).toBe(200);
  });

  it('S36 ends exactly 300 s after phase 1, whatever was tried meanwhile', async () => {
    const user = await owingUser('timing');
    const clock = world.server.clock;
    const start = now();
    const inTime = await begin('timing');
    const late = await begin('timing');
    clock.advance(200);
    expect(
      (await validate(world, late, { [user.methodId]: [user.authenticator.wrongAt(now())] })).status,
    ).toBe(403);
    clock.set(new Date(start.getTime() + 299_900));
    expect(
      (await validate(world, inTime, { [user.methodId]: [user.authenticator.wrongAt(now())] })).status,
    ).toBe(403);
    clock.set(new Date(start.getTime() + 300_000));
    const right = { [user.methodId]: [user.authenticator.codeAt(now())] };
    for (const id of [inTime, late]) expect((await validate(world, id, right)).body).toEqual(INVALID_REQUEST);
  });

  it.each([
    [{}, 'missing request ID'],
    [{ mfa_request_id: '' }, 'missing request ID'],
    [{ mfa_request_id: 'x', mfa_payload: 'x' }, 'invalid mfa payload'],
    [{ mfa_request_id: 'x', mfa_payload: { m: '123456' } }, 'invalid mfa payload'],
    [{ mfa_request_id: 'x', mfa_payload: { m: [123456] } }, 'invalid mfa payload'],
    [{ mfa_request_id: 'x', mfa_payload: { m: { a: 1 } } }, 'invalid mfa payload'],
    [{ mfa_request_id: 'x', mfa_payload: {} }, 'invalid request ID'],
    [{ mfa_request_id: 'x' }, 'invalid request ID'],
  ])('S16 refuses %j', async (body, text) => {
    const answer = await world.anonymous.write('sys/mfa/validate', body);
    expect([answer.status, answer.body]).toEqual([400, { errors: [text] }]);
  });

  it('tells what did not come, and what cannot be read', async () => {
    const user = await owingUser('reasons');
    const requestId = await begin('reasons');
    const sent = async (payload: object) => (await validate(world, requestId, payload)).body;
    expect(await sent({ other: ['1'] })).toEqual({
      errors: [
        'failed to satisfy enforcement reasons. error: failed to sanitize MFA creds, 1 error occurred:\n' +
          `\t* failed to find MFA credentials associated with an MFA method ID ${user.methodId}, method name method-reasons\n\n`,
      ],
    });
    const reason = (text: string) => failed('reasons', [user.methodId], text);
    expect(await sent({ [user.methodId]: [''] })).toEqual(reason('MFA credentials not supplied'));
    expect(await sent({ [user.methodId]: ['1', '2'] })).toEqual(
      reason('failed to parse MFA factor, found multiple passcodes for the same MFA method'),
    );
    expect(await sent({ [user.methodId]: ['passcode='] })).toEqual(
      reason('failed to parse MFA factor, invalid passcode'),
    );
    expect(await sent({ [user.methodId]: ['a=b'] })).toEqual(
      reason('failed to parse MFA factor, found an invalid MFA cred: a=b'),
    );
  });

  it('tells that no secret is enrolled', async () => {
    const methodId = await addMethod(world, 'unenrolled');
    await addUser(world, 'unenrolled');
    const { entity_id: entityId } = (await logIn(world, 'unenrolled')).body.auth;
    await enforce(world, 'unenrolled', [methodId], [entityId]);
    const requestId = await begin('unenrolled');
    const none = await validate(world, requestId, { unenrolled: ['123456'] });
    const text = `MFA secret for method ID "${methodId}" not present in entity "${entityId}"`;
    expect(none.body).toEqual(failed('unenrolled', [methodId], text));
    await world.root.write('identity/mfa/method/totp/admin-generate', {
      method_id: DEFAULT_METHOD,
      entity_id: entityId,
    });
    const other = await validate(world, requestId, { unenrolled: ['123456'] });
    const otherText = `MFA secret for method name "unenrolled" not present in entity "${entityId}"`;
    expect(other.body).toEqual(failed('unenrolled', [methodId], otherText));
  });

  it.each([' CODE', 'CODE ', 'CODE7', '12345', '٣٤٥٦٧٨', '+23456'])(
    'S16 counts %j for nothing',
    async (template) => {
      const name = `malformed${[...template].map((letter) => letter.codePointAt(0)).join('')}`;
      const user = await owingUser(name, { max_validation_attempts: 1 });
      const requestId = await begin(name);
      const code = user.authenticator.codeAt(now());
      for (let round = 0; round < 2; round += 1) {
        const answer = await validate(world, requestId, {
          [user.methodId]: [template.replace('CODE', code)],
        });
        expect(answer.body).toEqual(failed(name, [user.methodId], WRONG));
      }
      expect((await validate(world, requestId, { [user.methodId]: [code] })).status).toBe(200);
    },
  );

  it('S17 spends a code once: refused in a new login, and the first token keeps working', async () => {
    const user = await owingUser('replay');
    const code = user.authenticator.codeAt(now());
    const first = await validate(world, await begin('replay'), { [user.methodId]: [code] });
    const second = await validate(world, await begin('replay'), { [user.methodId]: [code] });
    expect([second.status, second.body]).toEqual([403, failed('replay', [user.methodId], WRONG)]);
    const self = await world.anonymous.as(first.body.auth.client_token).read('auth/token/lookup-self');
    expect(self.status).toBe(200);
  });

  it('S17 gives two parallel submissions of one request one token', async () => {
    const user = await owingUser('race');
    const requestId = await begin('race');
    const payload = { [user.methodId]: [user.authenticator.codeAt(now())] };
    const answers = await Promise.all(Array.from({ length: 5 }, () => validate(world, requestId, payload)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers)
      if (status !== 200) expect([status, body]).toEqual([400, INVALID_REQUEST]);
  });

  it('S17 gives one code in two logins at once one token', async () => {
    const user = await owingUser('race2');
    const ids = await Promise.all([begin('race2'), begin('race2')]);
    const payload = { [user.methodId]: [user.authenticator.codeAt(now())] };
    const answers = await Promise.all(ids.map((id) => validate(world, id, payload)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 403)).toHaveLength(1);
  });

  it('S19 waits after the free tries, even for a right code, and only that user', async () => {
    const user = await owingUser('waiting', { max_validation_attempts: 3 });
    const other = await enrolledUser(world, 'patient', user.methodId);
    await enforce(world, 'patient', [user.methodId], [other.entityId]);
    const requestId = await begin('waiting');
    const wrong = { [user.methodId]: [user.authenticator.wrongAt(now())] };
    for (let attempt = 1; attempt <= 3; attempt += 1)
      expect((await validate(world, requestId, wrong)).body).toEqual(
        failed('waiting', [user.methodId], WRONG),
      );
    const fourth = await validate(world, requestId, { [user.methodId]: [user.authenticator.codeAt(now())] });
    const text =
      'maximum TOTP validation attempts 4 exceeded the allowed attempts 3. Please try again in 30s seconds';
    expect([fourth.status, fourth.body]).toEqual([403, failed('waiting', [user.methodId], text)]);
    const unaffected = await validate(world, await begin('patient'), {
      [user.methodId]: [other.authenticator.codeAt(now())],
    });
    expect(unaffected.status).toBe(200);
    world.server.clock.advance(30);
    const right = await validate(world, requestId, { [user.methodId]: [user.authenticator.codeAt(now())] });
    expect(right.status).toBe(200);
  });

  it('S20 disables an authenticator at 100 failures, until it is rebound', async () => {
    const user = await owingUser('hundred', { enable_self_enrollment: true });
    await world.server.database.query(
      `INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, 99, now())`,
      [user.entityId, user.methodId],
    );
    const wrong = { [user.methodId]: [user.authenticator.wrongAt(now())] };
    expect((await validate(world, await begin('hundred'), wrong)).status).toBe(403);
    world.server.clock.advance(365 * 86_400);
    const login = await logIn(world, 'hundred');
    const { mfa_request_id, mfa_constraints } = login.body.auth.mfa_requirement;
    expect(mfa_constraints.hundred.any[0]).not.toHaveProperty('self_enrollment_enabled');
    const right = await validate(world, mfa_request_id, {
      [user.methodId]: [user.authenticator.codeAt(now())],
    });
    expect(right.body).toEqual(failed('hundred', [user.methodId], WRONG));
    const target = { method_id: user.methodId, entity_id: user.entityId };
    await world.root.write('identity/mfa/method/totp/admin-destroy', target);
    const made = await world.root.write('identity/mfa/method/totp/admin-generate', target);
    const rebound = new Authenticator(made.body.data.url);
    expect((await validate(world, mfa_request_id, { [user.methodId]: [rebound.codeAt(now())] })).status).toBe(
      200,
    );
  });
});

describe('between the phases', () => {
  it('S37 an enforcement that is added is owed too, and removed ones are not', async () => {
    const user = await owingUser('between');
    const second = await addMethod(world, 'between-second');
    const made = await world.root.write('identity/mfa/method/totp/admin-generate', {
      method_id: second,
      entity_id: user.entityId,
    });
    const other = new Authenticator(made.body.data.url);
    const requestId = await begin('between');
    await enforce(world, 'between2', [second], [user.entityId]);
    const first = await validate(world, requestId, { [user.methodId]: [user.authenticator.codeAt(now())] });
    expect(first.body.errors[0]).toMatch(
      /^failed to satisfy enforcement between2\. error: failed to sanitize MFA creds/,
    );
    await world.root.remove('identity/mfa/login-enforcement/between');
    await world.root.remove('identity/mfa/login-enforcement/between2');
    const none = await validate(world, requestId, { [user.methodId]: [user.authenticator.codeAt(now())] });
    expect([none.status, none.body]).toEqual([
      400,
      { errors: ['found nil or empty MFAEnforcement configuration'] },
    ]);
    await enforce(world, 'between2', [second], [user.entityId]);
    expect((await validate(world, requestId, { [second]: [other.codeAt(now())] })).status).toBe(200);
  });

  it('S37 a disabled entity is refused', async () => {
    const user = await owingUser('disabling');
    const requestId = await begin('disabling');
    await world.root.write(`identity/entity/id/${user.entityId}`, { disabled: true });
    const answer = await validate(world, requestId, { [user.methodId]: [user.authenticator.codeAt(now())] });
    expect([answer.status, answer.body]).toEqual([403, { errors: ['permission denied'] }]);
  });

  it.each(['delete', 'password'])('S37 a user whose login changes ends the request: %s', async (change) => {
    const user = await owingUser(`changing-${change}`);
    const requestId = await begin(user.name);
    if (change === 'delete') await world.root.remove(`auth/userpass/users/${user.name}`);
    else
      await world.root.write(`auth/userpass/users/${user.name}/password`, {
        password: 'walnut-canyon-drift-71',
      });
    const answer = await validate(world, requestId, { [user.methodId]: [user.authenticator.codeAt(now())] });
    expect([answer.status, answer.body]).toEqual([400, INVALID_REQUEST]);
  });
});

describe('a user who is deleted meanwhile', () => {
  const REJECTED = { errors: ['invalid username or password'] };

  it('has given a wrong password, whether a factor is owed or not', async () => {
    await owingUser('leaving');
    await addUser(world, 'left');
    for (const name of ['leaving', 'left']) {
      const { status, body } = await whileDeleting(world.server, name, () => logIn(world, name));
      expect([status, body]).toEqual([400, REJECTED]);
    }
  });

  it('has no request left', async () => {
    const user = await owingUser('gone');
    const requestId = await begin('gone');
    const code = user.authenticator.codeAt(now());
    const late = () => validate(world, requestId, { [user.methodId]: [code] });
    const { status, body } = await whileDeleting(world.server, 'gone', late);
    expect([status, body]).toEqual([400, INVALID_REQUEST]);
  });
});

describe('a method that goes meanwhile', () => {
  const deletionOf = (user: { name: string; methodId: string }) =>
    `DELETE FROM login_enforcements WHERE name = '${user.name}'; DELETE FROM mfa_methods WHERE id = '${user.methodId}'`;

  it('takes its secrets along', async () => {
    const user = await owingUser('methodless');
    const requestId = await begin('methodless');
    const payload = { [user.methodId]: [user.authenticator.codeAt(now())] };
    const [{ status, body }] = await inLine(world.server, deletionOf(user), [
      () => validate(world, requestId, payload),
    ]);
    expect([status, body.errors[0]]).toEqual([
      403,
      expect.stringContaining(
        `MFA secret for method name "method-methodless" not present in entity "${user.entityId}"`,
      ),
    ]);
  });
});

describe('several enforcements and methods', () => {
  it('one method in two enforcements is paid with one code', async () => {
    const user = await owingUser('shared');
    await enforce(world, 'shared2', [user.methodId], [user.entityId]);
    const answer = await validate(world, await begin('shared'), {
      [user.methodId]: [user.authenticator.codeAt(now())],
    });
    expect(answer.status).toBe(200);
  });

  it('S18 a code is not spent while another enforcement fails', async () => {
    const user = await owingUser('and1');
    const second = await addMethod(world, 'and2');
    const made = await world.root.write('identity/mfa/method/totp/admin-generate', {
      method_id: second,
      entity_id: user.entityId,
    });
    const other = new Authenticator(made.body.data.url);
    await enforce(world, 'and2', [second], [user.entityId]);
    const requestId = await begin('and1');
    const code = user.authenticator.codeAt(now());
    const half = await validate(world, requestId, { [user.methodId]: [code], and2: [other.wrongAt(now())] });
    expect([half.status, half.body]).toEqual([403, failed('and2', [second], WRONG)]);
    const whole = await validate(world, requestId, { [user.methodId]: [code], and2: [other.codeAt(now())] });
    expect(whole.status).toBe(200);
  });

  it('of the methods of one enforcement any will do', async () => {
    const user = await owingUser('or1');
    const second = await addMethod(world, 'or2');
    const made = await world.root.write('identity/mfa/method/totp/admin-generate', {
      method_id: second,
      entity_id: user.entityId,
    });
    const other = new Authenticator(made.body.data.url);
    await enforce(world, 'or1', [user.methodId, second], [user.entityId]);
    const requestId = await begin('or1');
    const wrong = { [user.methodId]: [user.authenticator.wrongAt(now())], or2: [other.wrongAt(now())] };
    const both = await validate(world, requestId, wrong);
    expect(both.body).toEqual(failed('or1', [user.methodId, second], WRONG, WRONG));
    const one = await validate(world, requestId, { ...wrong, or2: [other.codeAt(now())] });
    expect(one.status).toBe(200);
  });

  it('S17 equal codes of two users do not collide', async () => {
    const methodId = await addMethod(world, 'crowd');
    const crowd = [];
    for (let member = 0; member < 24; member += 1)
      crowd.push(await enrolledUser(world, `crowd${member}`, methodId));
    await enforce(
      world,
      'crowd',
      [methodId],
      crowd.map(({ entityId }) => entityId),
    );
    const [one, two, step] = firstCollision(crowd.map(({ authenticator }) => authenticator));
    world.server.clock.set(new Date(now().getTime() + step * 30_000));
    for (const member of [one, two]) {
      const code = crowd[member]!.authenticator.codeAt(now());
      expect(code).toBe(crowd[one]!.authenticator.codeAt(now()));
      expect((await validate(world, await begin(`crowd${member}`), { crowd: [code] })).status).toBe(200);
    }
  });
});

/** Which two have the same code, and how many steps from now. */
function firstCollision(crowd: Authenticator[]): [one: number, two: number, step: number] {
  for (let step = 1; ; step += 1) {
    const codes = crowd.map((authenticator) => authenticator.codeAt(now(), step));
    const two = codes.findIndex((code, index) => codes.indexOf(code) < index);
    if (two > 0) return [codes.indexOf(codes[two]!), two, step];
  }
}

it('S22 counts over every way that leads to the account', async () => {
  const user = await owingUser('aliases', { max_validation_attempts: 4 });
  for (const spelling of ['aliases', 'ALIASES', 'Aliases', 'aLiAsEs']) {
    const answer = await validate(world, await begin(spelling), {
      [user.methodId]: [user.authenticator.wrongAt(now())],
    });
    expect(answer.body).toEqual(failed('aliases', [user.methodId], WRONG));
  }
  const right = await validate(world, await begin('aliases'), {
    [user.methodId]: [user.authenticator.codeAt(now())],
  });
  expect(right.body.errors[0]).toContain(
    'maximum TOTP validation attempts 5 exceeded the allowed attempts 4.',
  );
});

it('keeps at most 20 live requests of a person; the oldest goes', async () => {
  const user = await owingUser('many');
  const ids: string[] = [];
  for (let login = 0; login < 21; login += 1) {
    ids.push(await begin('many'));
    world.server.clock.advance(1);
  }
  const payload = { [user.methodId]: [user.authenticator.codeAt(now())] };
  expect((await validate(world, ids[0]!, payload)).body).toEqual(INVALID_REQUEST);
  expect((await validate(world, ids[1]!, payload)).status).toBe(200);
});
