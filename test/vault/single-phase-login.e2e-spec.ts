import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inLine } from '../support/in-line.js';
import { whileDeleting } from '../support/planted-faults.js';
import { Authenticator } from './authenticator.js';
import {
  addMethod,
  addUser,
  enforce,
  enrolledUser,
  logIn,
  PASSWORD,
  startWorld,
  type World,
} from './world.js';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.stop());

const now = () => world.server.clock.now();
const DENIED = [403, { errors: ['permission denied'] }];

async function owingUser(name: string, fields: object = {}) {
  const methodId = await addMethod(world, `method-${name}`, fields);
  const user = await enrolledUser(world, name, methodId);
  await enforce(world, name, [methodId], [user.entityId]);
  return { ...user, methodId, name };
}

async function pending(entityId: string): Promise<number> {
  const { rows } = await world.server.database.query('SELECT 1 FROM sign_ins WHERE principal_id = $1', [
    entityId,
  ]);
  return rows.length;
}

describe('X-Vault-MFA on a login', () => {
  it('takes the code by id, by name and with its prefix', async () => {
    const user = await owingUser('header');
    for (const line of [`${user.methodId}:CODE`, 'method-header:CODE', 'Method-Header:passcode=CODE']) {
      const answer = await logIn(world, 'header', [line.replace('CODE', user.authenticator.codeAt(now()))]);
      expect(answer.status).toBe(200);
      expect(answer.body.auth).toMatchObject({ mfa_requirement: null, metadata: { username: 'header' } });
      expect(answer.body.auth.client_token).not.toBe('');
      expect(answer.body.warnings).toBeNull();
      world.server.clock.advance(30);
    }
    expect(await pending(user.entityId)).toBe(0);
  });

  it.each([
    'method-refused:WRONG',
    'unknown:CODE',
    'method-refused',
    'method-refused:a=b',
    'method-refused: CODE',
  ])('refuses %j without detail and leaves nothing pending', async (line) => {
    const name = 'refused';
    const user = await owingUser(name, { max_validation_attempts: 10 });
    const code = user.authenticator.codeAt(now());
    const sent = line.replace('WRONG', user.authenticator.wrongAt(now())).replace('CODE', code);
    const answer = await logIn(world, name, [sent]);
    expect([answer.status, answer.body]).toEqual(DENIED);
    expect(await pending(user.entityId)).toBe(0);
    await world.root.remove(`auth/userpass/users/${name}`);
    await world.root.remove(`identity/entity/id/${user.entityId}`);
    await world.root.remove(`identity/mfa/login-enforcement/${name}`);
  });

  it('needs every enforcement', async () => {
    const user = await owingUser('both');
    const second = await addMethod(world, 'both-second');
    const made = await world.root.write('identity/mfa/method/totp/admin-generate', {
      method_id: second,
      entity_id: user.entityId,
    });
    const other = new Authenticator(made.body.data.url);
    await enforce(world, 'both2', [second], [user.entityId]);
    const code = `method-both:${user.authenticator.codeAt(now())}`;
    const one = await logIn(world, 'both', [code]);
    expect([one.status, one.body]).toEqual(DENIED);
    const two = await logIn(world, 'both', [code, `both-second:${other.codeAt(now())}`]);
    expect(two.status).toBe(200);
  });

  it('is two-phase where only empty lines came', async () => {
    await owingUser('empty');
    expect((await logIn(world, 'empty', ['', ''])).body.auth.mfa_requirement).not.toBeNull();
  });

  it.each([
    [':x', 'missing method name or ID'],
    [':', 'missing method name or ID'],
    ['foo:', 'missing method value'],
  ])('refuses the line %j', async (line, why) => {
    const answer = await logIn(world, 'anybody', [line]);
    const text = `failed to parse X-Vault-MFA header: invalid data in header "X-Vault-MFA"; ${why}`;
    expect([answer.status, answer.body]).toEqual([400, { errors: [text] }]);
  });

  it('warns where nothing is owed', async () => {
    await addUser(world, 'unowing');
    const answer = await logIn(world, 'unowing', ['foo:123456']);
    expect(answer.status).toBe(200);
    expect(answer.body.warnings).toEqual(['Found MFA header but failed to find MFA Enforcement Config']);
  });

  it('S21 is not looked at before the password was right', async () => {
    const user = await owingUser('blind', { max_validation_attempts: 1 });
    const headers = { 'X-Vault-MFA': `method-blind:${user.authenticator.wrongAt(now())}` };
    for (let attempt = 0; attempt < 3; attempt += 1) {
      const answer = await world.anonymous.write(
        'auth/userpass/login/blind',
        { password: 'not-the-password-0' },
        headers,
      );
      expect([answer.status, answer.body]).toEqual([400, { errors: ['invalid username or password'] }]);
    }
    expect((await logIn(world, 'blind', [`method-blind:${user.authenticator.codeAt(now())}`])).status).toBe(
      200,
    );
  });

  it('S17 gives 20 parallel logins with one code one token', async () => {
    const user = await owingUser('parallel', { max_validation_attempts: 10 });
    const line = `method-parallel:${user.authenticator.codeAt(now())}`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => logIn(world, 'parallel', [line])));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    for (const { status, body } of answers) if (status !== 200) expect([status, body]).toEqual(DENIED);
  });

  it('S37 is refused where its password changes or its user goes meanwhile', async () => {
    const { authenticator } = await owingUser('outdated');
    const line = `method-outdated:${authenticator.codeAt(now())}`;
    const changed =
      "UPDATE local_users SET credential_version = credential_version + 1 WHERE name = 'outdated'";
    const [answer] = await inLine(world.server, changed, [() => logIn(world, 'outdated', [line])]);
    expect([answer.status, answer.body]).toEqual(DENIED);
    const gone = await whileDeleting(world.server, 'outdated', () => logIn(world, 'outdated', [line]));
    expect([gone.status, gone.body]).toEqual(DENIED);
  });

  it('S38 ignores a token that is sent along', async () => {
    await addUser(world, 'along');
    const { token } = await enrolledUser(world, 'holder');
    const answer = await world.anonymous.as(token).write('auth/userpass/login/along', { password: PASSWORD });
    expect(answer.body.auth.metadata).toEqual({ username: 'along' });
    expect(answer.body.auth.client_token).not.toBe(token);
  });
});
