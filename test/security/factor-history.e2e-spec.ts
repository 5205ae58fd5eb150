import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { dump, failOn } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, Stage } from '../support/stage.js';

const TOTP = 'identity/mfa/method/totp';
const EMAIL = 'old@example.com';

let stage: Stage;
let name: string;
let entityId: string;
let people = 0;

beforeAll(async () => {
  stage = await Stage.open(2);
  const policy = 'path "identity/mfa/method/totp/generate" { capabilities = ["update"] }';
  await expecting(204, stage.root.write('sys/policies/acl/own-totp', { policy }));
});
afterAll(() => stage.close());

async function person(): Promise<void> {
  name = `person-${++people}`;
  await stage.addUser(name, { token_policies: 'own-totp' });
  entityId = (await stage.vault().logIn(name, PASSWORD)).body.auth.entity_id;
  await stage.rows('UPDATE local_users SET email = $2 WHERE name = $1', [name, EMAIL]);
}
beforeEach(person);

const history = (type = 'totp') =>
  stage.rows(
    `SELECT kind, factor_type, method_id, reason, set_by_another, network, at FROM factor_history
     WHERE principal_id = $1 AND factor_type = $2 ORDER BY position`,
    [entityId, type],
  );

const notices = (type = 'totp') =>
  stage.rows(
    `SELECT kind, addresses, detail, delivered_at FROM notices
     WHERE principal_id = $1 AND coalesce(detail->'factor'->>'type', $2) = $2 ORDER BY created_at`,
    [entityId, type],
  );

const row = (
  kind: string,
  by: 'self' | 'another',
  reason: string | null = null,
  method = DEFAULT_METHOD,
) => ({
  kind,
  factor_type: 'totp',
  method_id: method,
  reason,
  set_by_another: by === 'another',
  network: '127.0.0.0/24',
  at: stage.now,
});

/** The last act is written down once, and told to the address known. */
async function expectWritten(expected: ReturnType<typeof row>): Promise<void> {
  const rows = await history();
  expect(rows.at(-1)).toEqual(expected);
  const told = await notices();
  expect(told.filter(({ kind }) => kind.startsWith('factor-'))).toHaveLength(rows.length);
  expect(told.at(-1)).toMatchObject({ kind: `factor-${expected.kind}`, delivered_at: null });
  expect(told.at(-1)!.addresses).toContain(EMAIL);
}

const own = async () =>
  stage.vault().with((await expecting(200, stage.vault().logIn(name, PASSWORD))).body.auth.client_token);

const destroy = (method = DEFAULT_METHOD) =>
  stage.root.write(`${TOTP}/admin-destroy`, { method_id: method, entity_id: entityId });

it('S64 an authenticator made for oneself', async () => {
  await expecting(200, (await own()).write(`${TOTP}/generate`, { method_id: DEFAULT_METHOD }));
  await expectWritten(row('bind', 'self'));
});

it('S58 S64 an authenticator made by another is marked so', async () => {
  await stage.seed(entityId);
  await expectWritten(row('bind', 'another'));
  expect((await notices()).at(-1)!.detail).toMatchObject({ setByAnother: true });
});

it('S64 an authenticator bound by a pending login of /v1, and nothing before its first right code', async () => {
  const method = await stage.addMethod(`open-${people}`, { enable_self_enrollment: true });
  await stage.enforce(`for-${name}`, [entityId], [method]);
  const requestId = await stage.request(name);
  const made = { mfa_method_id: method, mfa_request_id: requestId };
  const { url } = (await expecting(200, stage.vault().write(`${TOTP}/self-enroll`, made))).body.data;
  expect(await history()).toEqual([]);
  await expecting(200, stage.vault().validate(requestId, Authenticator.scan(url).codeAt(stage.now), method));
  await expectWritten(row('bind', 'self', null, method));
});

it('S64 an authenticator bound at /admin', async () => {
  await stage.enforce(`for-${name}`, [entityId]);
  const partial = await stage.partial(name);
  const { secret } = (await partial.post('/authentication/otp/initialize', {})).body;
  expect(await history()).toEqual([]);
  await expecting(200, partial.submit(new Authenticator(secret).codeAt(stage.now)));
  await expectWritten(row('bind', 'self'));
});

it('S63 S64 a reset in either dialect, with its reason', async () => {
  await stage.seed(entityId);
  await expecting(204, destroy());
  await expectWritten(row('reset', 'another', 'reset by an administrator'));
  stage.clock.advance(1);
  await stage.seed(entityId);
  stage.clock.advance(1);
  const admin = await stage.administrator();
  await expecting(204, admin.delete(`/otp/seeds/CN=${name},OU=local`));
  await expectWritten(row('reset', 'another', 'reset by an administrator'));
});

it('S64 an authenticator replaced by its owner', async () => {
  const player = { name, entityId, authenticator: await stage.seed(entityId) };
  stage.clock.advance(1);
  const token = await own();
  const begin = { method_id: DEFAULT_METHOD, mfa_payload: { default: [stage.code(player)] } };
  const { url } = (await expecting(200, token.write(`${TOTP}/self-reset`, begin))).body.data;
  expect(await history()).toHaveLength(1);
  const passcode = Authenticator.scan(url).codeAt(stage.now);
  await expecting(204, token.write(`${TOTP}/self-reset/confirm`, { method_id: DEFAULT_METHOD, passcode }));
  await expectWritten(row('change', 'self', 'replaced by its owner'));
});

it('S20 S64 an authenticator stopped by failures', async () => {
  const player = { name, entityId, authenticator: await stage.seed(entityId) };
  await stage.enforce(`for-${name}`, [entityId]);
  await stage.rows(
    `INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, 99, now())`,
    [entityId, DEFAULT_METHOD],
  );
  stage.clock.advance(1);
  await expecting(403, stage.vault().validate(await stage.request(name), stage.wrong(player)));
  await expectWritten(row('disable', 'self', '100 wrong codes in a row'));
});

it('S58 S64 a password set by another is marked so, when the user is made and later', async () => {
  stage.clock.advance(1);
  const password = { password: 'another quiet harbour' };
  await expecting(204, stage.root.write(`auth/userpass/users/${name}/password`, password));
  expect(await history('password')).toMatchObject([
    { kind: 'bind', method_id: null, set_by_another: true },
    { kind: 'change', method_id: null, set_by_another: true },
  ]);
  // The address came after the user.
  expect(await notices('password')).toMatchObject([
    { kind: 'factor-bind', addresses: [], detail: { setByAnother: true } },
    { kind: 'factor-change', addresses: [EMAIL], detail: { setByAnother: true } },
  ]);
});

it('S64 tells the address of before as well as the one of now', async () => {
  const admin = await stage.administrator();
  const find = async () => {
    const { data } = (await expecting(200, admin.get(`/local-users?query=${name}`))).body;
    return data.find((user: { name: string }) => user.name === name);
  };
  const user = await find();
  await expecting(200, admin.put(`/local-users/${user.id}`, { ...user, email: 'new@example.com' }));
  expect(await notices()).toMatchObject([{ kind: 'address-changed', addresses: ['new@example.com', EMAIL] }]);
  stage.clock.advance(89 * 86_400);
  await stage.seed(entityId);
  expect((await notices()).at(-1)!.addresses).toEqual(['new@example.com', EMAIL]);
  stage.clock.advance(2 * 86_400);
  await expecting(204, destroy());
  expect((await notices()).at(-1)!.addresses).toEqual(['new@example.com']);
});

it('S64 history and notices outlive the factor, its method and its person', async () => {
  const method = await stage.addMethod(`doomed-${people}`);
  await stage.seed(entityId, method);
  await expecting(204, stage.root.remove(`${TOTP}/${method}`));
  expect(await history()).toMatchObject([
    { kind: 'bind', method_id: method },
    { kind: 'reset', method_id: method, reason: 'method deleted' },
  ]);
  await expecting(204, stage.root.remove(`auth/userpass/users/${name}`));
  await expecting(204, stage.root.remove(`identity/entity/id/${entityId}`));
  expect(await history()).toHaveLength(2);
  expect(await notices()).toHaveLength(2);
});

it('S63 S64 an act that is undone leaves neither row nor notice, and undoes all of itself', async () => {
  const player = { name, entityId, authenticator: await stage.seed(entityId) };
  const token = await own();
  await stage.enforce(`for-${name}`, [entityId]);
  const partial = await stage.partial(name);
  const left = async () => {
    const tables = await dump(stage.first.database);
    return [
      'totp_enrollments',
      'factor_history',
      'notices',
      'sign_ins',
      'principals',
      'factor_throttles',
    ].map((table) => [table, tables.get(table)]);
  };
  await expecting(403, stage.vault().validate(await stage.request(name), stage.wrong(player)));
  const before = await left();
  const faults: Parameters<typeof failOn>[] = [
    [stage.first.database, 'totp_enrollments', ['DELETE']],
    [stage.first.database, 'factor_throttles', ['DELETE']],
    [stage.first.database, 'principals', ['UPDATE']],
    [stage.first.database, 'factor_history', ['INSERT']],
    [stage.first.database, 'notices', ['INSERT']],
    [stage.first.database, 'sign_ins', ['DELETE']],
    [stage.first.database, 'audit_events', ['INSERT']],
    [stage.first.database, 'notices', ['INSERT'], true],
  ];
  const admin = await stage.administrator();
  const after = await left();
  expect(after.filter(([table]) => table !== 'sign_ins')).toEqual(
    before.filter(([table]) => table !== 'sign_ins'),
  );
  for (const fault of faults) {
    const mend = await failOn(...fault);
    const answers = [await destroy(), await admin.delete(`/otp/seeds/CN=${name},OU=local`)];
    await mend();
    expect([fault[1], answers.every(({ status }) => status >= 500)]).toEqual([fault[1], true]);
    expect([fault[1], await left()]).toEqual([fault[1], after]);
  }
  await expecting(200, token.read('auth/token/lookup-self'));
  await expecting(204, destroy());
  await expecting(403, token.at(stage.servers[1]!.url).read('auth/token/lookup-self'));
  await expecting(401, partial.submit(stage.code(player)));
  await expecting(403, stage.vault(1).validate(await stage.request(name), stage.code(player)));
  expect(await stage.rows('SELECT enrolment_reopened_at FROM principals WHERE id = $1', [entityId])).toEqual([
    { enrolment_reopened_at: stage.now },
  ]);
});

it('S64 there is no secret in history or outbox', async () => {
  const player = { name, entityId, authenticator: await stage.seed(entityId) };
  const token = await own();
  const code = stage.code(player);
  const begin = { method_id: DEFAULT_METHOD, mfa_payload: { default: [code] } };
  const { url } = (await expecting(200, token.write(`${TOTP}/self-reset`, begin))).body.data;
  const fresh = Authenticator.scan(url);
  const passcode = fresh.codeAt(stage.now);
  await expecting(204, token.write(`${TOTP}/self-reset/confirm`, { method_id: DEFAULT_METHOD, passcode }));
  await expecting(
    204,
    stage.root.write(`auth/userpass/users/${name}/password`, { password: 'lamp-river-stone-42' }),
  );
  await expecting(204, destroy());
  const tables = await dump(stage.first.database);
  const text = [tables.get('factor_history'), tables.get('notices')].join('\n');
  expect(text).toContain(entityId);
  const secrets = [
    player.authenticator.secret,
    fresh.secret,
    'lamp-river-stone-42',
    PASSWORD,
    token.token!,
    stage.first.rootToken,
    'otpauth',
    '$argon2',
  ];
  for (const secret of secrets) {
    expect(text).not.toContain(secret);
    expect(text).not.toContain(Buffer.from(secret).toString('hex'));
    expect(text).not.toContain(Buffer.from(secret).toString('base64'));
  }
  const sealed = await stage.rows(`SELECT encode(sealed_seed, 'hex') AS hex FROM totp_enrollments`);
  for (const { hex } of sealed) expect(text).not.toContain(hex);
  const ids = text
    .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, '')
    .replaceAll(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?/g, '');
  for (const code of [passcode, stage.code(player)]) expect(ids).not.toContain(code);
});
