import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { plantRadius, type PlantedMethod } from '../support/radius-method.js';
import { type Asked, RadiusResponder, type Reply } from '../support/radius-responder.js';
import { startSallyport } from '../support/sallyport.js';
import { AdminClient } from './admin-client.js';
import { factorOwed, notValid, SILENT, THROTTLED, WRONG_OTP } from './error-bodies.js';
import { PASSWORD, withServer } from './scene.js';

const radius = await RadiusResponder.start('a shared secret');
const ALLOWED = {
  SALLYPORT_OUTGOING_ALLOW: `radius://127.0.0.1:${radius.port}`,
  SALLYPORT_DATABASE_POOL: '2',
};
const server = withServer(ALLOWED);
afterAll(() => radius.close());

const ACCEPT: Reply = { code: 'accept' };
const REJECT: Reply = { code: 'reject' };
const right = (asked: Asked): Reply => (asked.password === '492039' ? ACCEPT : REJECT);
/** Asks for a code when the secret comes, and takes 492039 for the state it gave. */
const challenging = (asked: Asked): Reply => {
  if (asked.state === null) {
    const messages = ['Enter ', 'the code'];
    return asked.password === 'knock'
      ? { code: 'challenge', messages, state: `for ${asked.username}` }
      : REJECT;
  }
  return asked.state === `for ${asked.username}` && asked.password === '492039' ? ACCEPT : REJECT;
};

let users = 0;
let name: string;
const plant = (method: Partial<PlantedMethod> = {}) =>
  plantRadius(server.sallyport, {
    port: radius.port,
    sharedSecret: radius.secret,
    challengeSharedSecret: 'knock',
    authenticationProtocol: 'PAP',
    timeout: 1,
    ...method,
  });
const initialize = (client: AdminClient, body: object = {}) =>
  client.post('/authentication/otp/initialize', body);
const prove = (client: AdminClient, otp = '492039', more: object = {}) =>
  client.post('/authentication/otp', { otp, ...more });
/** A partial token whose factor is prepared. */
const begun = async (username = name) => {
  const client = await server.partial(username);
  const { status, text } = await initialize(client);
  if (status !== 200) throw new Error(`${status} ${text}`);
  return client;
};
const failures = async () => {
  const [row] = await server.rows<{ failures: number; booked: number }>(
    `SELECT t.failures, t.booked FROM factor_throttles t JOIN accounts a ON a.principal_id = t.principal_id
     WHERE a.name = $1 ORDER BY t.updated_at DESC`,
    [name],
  );
  return row ?? null;
};

beforeEach(async () => {
  await server.demandFactor(null);
  name = `ada${++users}`;
  await server.plantUser(name, [{ type: 'View', target: 'LocalUser', scope: { all: true } }]);
  radius.answering(right);
});

describe('mode OneFactor', () => {
  beforeEach(() => plant({ mode: 'OneFactor' }).then(() => undefined));

  it('asks for the code without a word to the server, then sends it as the password', async () => {
    const pending = await server.partial(name);
    const answer = await initialize(pending);
    expect([answer.status, answer.text]).toEqual([
      200,
      '{"type":"Challenge","inputType":"Masked","timeout":1}',
    ]);
    expect(radius.asked).toEqual([]);
    const { status, body } = await prove(pending);
    expect([status, body.user]).toEqual([
      200,
      { name, needTwoFactorAuth: false, canAccessAuditLogs: false, privileges: [] },
    ]);
    expect((await pending.get('/authorization')).status).toBe(401);
    expect((await pending.with(body.token).get('/authorization')).status).toBe(200);
    expect(radius.asked).toEqual([
      expect.objectContaining({
        username: name,
        password: '492039',
        state: null,
        nasIdentifier: 'localhost',
        signedFirst: true,
      }),
    ]);
  });

  it('proves the code with CHAP where the provider says so', async () => {
    await plant({ mode: 'OneFactor', authenticationProtocol: 'CHAP' });
    radius.answering((asked) => (asked.provesPassword('492039') ? ACCEPT : REJECT));
    expect((await prove(await begun())).status).toBe(200);
    expect(radius.last).toMatchObject({ username: name, password: null, signedFirst: true });
  });

  it('refuses a code without initialize, and asks nobody', async () => {
    expect((await prove(await server.partial(name))).body).toEqual(WRONG_OTP);
    expect(radius.asked).toEqual([]);
  });

  it('leaves the token usable after a wrong code: sdpctl tries three times', async () => {
    const pending = await begun();
    for (const otp of ['1', '2']) expect((await prove(pending, otp)).body).toEqual(WRONG_OTP);
    expect(await failures()).toEqual({ failures: 2, booked: 0 });
    expect((await prove(pending)).status).toBe(200);
    expect(await failures()).toEqual({ failures: 0, booked: 0 });
  });

  it('S19 lets wait after five wrong codes, and asks nobody meanwhile, whatever the token', async () => {
    const pending = await begun();
    for (let tried = 0; tried < 5; tried += 1)
      expect((await prove(pending, 'wrong')).body).toEqual(WRONG_OTP);
    radius.answering(right);
    const other = await begun();
    for (const client of [pending, other]) {
      const { status, body, headers } = await prove(client);
      expect([status, body, headers['retry-after']]).toEqual([429, THROTTLED, '30']);
    }
    expect(radius.asked).toEqual([]);
    server.advance(30);
    expect((await prove(other)).status).toBe(200);
  });

  it('S20 is stopped by 100 failures until an administrator resets it', async () => {
    await prove(await begun(), '111111');
    await server.rows(
      `UPDATE factor_throttles SET failures = 100, wait_until = NULL
       WHERE principal_id = (SELECT principal_id FROM accounts WHERE name = $1)`,
      [name],
    );
    const stopped = await begun();
    expect((await prove(stopped)).body).toEqual(WRONG_OTP);
    const [setting] = await server.rows<{ provider_id: string }>(
      'SELECT provider_id FROM admin_mfa_settings',
    );
    await server.demandFactor(null);
    const admin = await server.administrator();
    const seed = `/otp/seeds/${encodeURIComponent(`CN=${name},OU=local`)}`;
    expect((await admin.delete(seed)).status).toBe(204);
    expect((await admin.delete(seed)).status).toBe(404);
    await server.demandFactor(setting!.provider_id);
    expect((await prove(stopped)).status).toBe(401);
    expect((await prove(await begun())).status).toBe(200);
  });

  it('refuses what no packet holds, uncounted', async () => {
    expect((await prove(await begun(), 'x'.repeat(129))).body).toEqual(WRONG_OTP);
    expect([radius.asked, await failures()]).toEqual([[], null]);
  });

  it('refuses a challenge where only yes or no was asked for', async () => {
    radius.answering(() => ({ code: 'challenge', state: 's' }));
    expect((await prove(await begun())).body).toEqual(WRONG_OTP);
  });

  it('S65 keeps the shared secret sealed in its own row', async () => {
    const other = await plant({ mode: 'OneFactor' });
    await server.rows(
      `UPDATE mfa_methods SET sealed_shared_secret = (SELECT sealed_shared_secret FROM mfa_methods
         WHERE type = 'radius' AND id <> $1 LIMIT 1) WHERE id = $1`,
      [other],
    );
    expect((await prove(await begun())).status).toBe(500);
    expect(radius.asked).toEqual([]);
  });
});

describe('mode Challenge', () => {
  beforeEach(async () => {
    await plant({ inputType: 'Text' });
    radius.answering(challenging);
  });

  it('shows what the server says, and answers its challenge with what is typed', async () => {
    const pending = await server.partial(name);
    const state = Buffer.from(`for ${name}`).toString('base64');
    const answer = await initialize(pending, { userPassword: 'not needed here' });
    expect([answer.status, answer.text]).toEqual([
      200,
      `{"type":"Challenge","inputType":"Text","responseMessage":"Enter the code","state":"${state}","timeout":1}`,
    ]);
    expect(radius.last).toMatchObject({ username: name, password: 'knock', state: null });
    expect((await prove(pending)).status).toBe(200);
    expect(radius.last).toMatchObject({
      username: name,
      password: '492039',
      state: `for ${name}`,
      signedFirst: true,
    });
  });

  it('takes a state that is sent back only if it is the one that was issued; null and "" are none', async () => {
    const pending = await begun();
    const asked = radius.asked.length;
    for (const state of ['Zm9yIGJvYg==', 'not base64', Buffer.from(`for ${name} `).toString('base64')])
      expect((await prove(pending, undefined, { state })).body).toEqual(WRONG_OTP);
    expect([radius.asked.length, (await failures())?.failures]).toEqual([asked, 0]);
    expect((await prove(pending, 'wrong', { state: null })).body).toEqual(WRONG_OTP);
    expect((await prove(pending, 'wrong', { state: '' })).body).toEqual(WRONG_OTP);
    const state = Buffer.from(`for ${name}`).toString('base64');
    expect((await prove(pending, undefined, { state })).status).toBe(200);
  });

  it('S25 keeps the challenge with its own sign-in: another one of the same user has none', async () => {
    const first = await begun();
    const second = await server.partial(name);
    expect((await prove(second)).body).toEqual(WRONG_OTP);
    expect(radius.asked.length).toBe(1);
    expect((await prove(first)).status).toBe(200);
  });

  it('S25 is answered once, of several at the same time', async () => {
    const pending = await begun();
    const answers = await Promise.all([1, 2, 3].map(() => prove(pending)));
    expect(answers.filter(({ status }) => status === 200).length).toBe(1);
    expect(answers.filter(({ status }) => status === 401).length).toBe(2);
    expect(await server.rows('SELECT 1 FROM factor_challenges WHERE username = $1', [name])).toEqual([]);
  });

  it('S25 dies after 10 minutes, also under a token that lives on', async () => {
    await server.demandFactor(null);
    const final = await server.final(name);
    await plant();
    expect((await final.get('/authorization')).body).toEqual(factorOwed(name));
    expect((await initialize(final)).body.type).toBe('Challenge');
    server.advance(599);
    expect((await prove(final, 'wrong')).body).toEqual(WRONG_OTP);
    expect(radius.asked.length).toBe(2);
    server.advance(1);
    expect((await prove(final)).body).toEqual(WRONG_OTP);
    expect(radius.asked.length).toBe(2);
    await initialize(final);
    const { status, body } = await prove(final);
    expect([status, body.user.needTwoFactorAuth]).toEqual([200, false]);
  });

  it('holds across replicas', async () => {
    const other = await startSallyport({ replicaOf: server.sallyport, settings: ALLOWED });
    try {
      const { token } = await begun();
      expect((await prove(new AdminClient(other.url, token))).status).toBe(200);
    } finally {
      await other.stop();
    }
  });

  it('asks on where the server asks on; that clears no failure (S25)', async () => {
    radius.answering((asked) => {
      if (asked.state === 'second') return asked.password === '492039' ? ACCEPT : REJECT;
      return { code: 'challenge', state: asked.state === 'first' ? 'second' : 'first' };
    });
    const pending = await begun();
    expect((await prove(pending, 'pin')).body).toEqual(WRONG_OTP);
    expect((await failures())?.failures).toBe(1);
    expect((await prove(pending)).status).toBe(200);
  });

  it('passes the password on where the provider wants it, and demands it then', async () => {
    await plant({ useUserPassword: true });
    radius.answering((asked) => (asked.password === PASSWORD ? { code: 'challenge' } : REJECT));
    const pending = await server.partial(name);
    const refused = await initialize(pending);
    expect([refused.status, refused.body]).toEqual([422, notValid('userPassword', 'may not be null')]);
    expect(radius.asked).toEqual([]);
    const answer = await initialize(pending, { userPassword: PASSWORD });
    expect(answer.text).toBe('{"type":"Challenge","inputType":"Masked","responseMessage":"","timeout":1}');
  });

  it('S10 counts passwords the server refuses: initialize is no place to guess them', async () => {
    await plant({ useUserPassword: true });
    radius.answering(() => REJECT);
    const pending = await server.partial(name);
    for (let tried = 0; tried < 5; tried += 1)
      expect((await initialize(pending, { userPassword: `guess ${tried}` })).body).toEqual(WRONG_OTP);
    const { status, headers } = await initialize(pending, { userPassword: PASSWORD });
    expect([status, headers['retry-after'], radius.asked.length]).toEqual([429, '30', 5]);
  });

  it('takes a first request that is accepted at once for no second factor', async () => {
    radius.answering(() => ACCEPT);
    const pending = await server.partial(name);
    expect((await initialize(pending)).body).toEqual(WRONG_OTP);
    expect((await prove(pending)).body).toEqual(WRONG_OTP);
  });

  it('hands no control characters of the server to terminals', async () => {
    radius.answering(() => ({ code: 'challenge', messages: ['a\u001b[2Jb\r\nc\u009b\u0000'], state: 's' }));
    expect((await initialize(await server.partial(name))).body.responseMessage).toBe('a[2Jb\nc');
  });
});

describe('mode Push', () => {
  it('waits for the approval within the second call', async () => {
    await plant({ mode: 'Push', timeout: 5 });
    radius.answering(() => ({ ...ACCEPT, delayMs: 400 }));
    const pending = await server.partial(name);
    expect((await initialize(pending)).text).toBe(
      '{"type":"Push","inputType":"Masked","timeout":5,"sendPassword":false}',
    );
    expect(radius.asked).toEqual([]);
    expect((await prove(pending, 'anything')).status).toBe(200);
    expect(radius.asked).toEqual([
      expect.objectContaining({ username: name, password: 'knock', state: null }),
    ]);
  });

  it('sends the password that came as the code where the provider wants it', async () => {
    await plant({ mode: 'Push', useUserPassword: true });
    radius.answering((asked) => (asked.password === PASSWORD ? ACCEPT : REJECT));
    const pending = await server.partial(name);
    expect((await initialize(pending)).body).toEqual(notValid('userPassword', 'may not be null'));
    expect((await initialize(pending, { userPassword: PASSWORD })).body).toEqual({
      type: 'Push',
      inputType: 'Masked',
      timeout: 1,
      sendPassword: true,
    });
    expect((await prove(pending, 'guess')).body).toEqual(WRONG_OTP);
    expect((await prove(pending, PASSWORD)).status).toBe(200);
  });

  it('S25 sends no fourth push within an hour while three were not answered', async () => {
    await plant({ mode: 'Push' });
    radius.answering(() => null);
    for (let sent = 0; sent < 3; sent += 1) expect((await prove(await begun(), 'x')).body).toEqual(SILENT);
    radius.answering(() => ACCEPT);
    const { status, body, headers } = await prove(await begun(), 'x');
    expect([status, body, headers['retry-after'], radius.asked]).toEqual([429, THROTTLED, '3600', []]);
    server.advance(3600);
    expect((await prove(await begun(), 'x')).status).toBe(200);
  });

  it('S25 counts pushes that are still open, sent at the same time', async () => {
    await plant({ mode: 'Push', timeout: 2 });
    const clients = [await begun(), await begun(), await begun(), await begun()];
    radius.answering(() => ({ ...ACCEPT, delayMs: 700 }));
    const answers = await Promise.all(clients.map((client) => prove(client, 'x')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429]);
  });

  it('S25 does not count pushes that were answered, either way', async () => {
    await plant({ mode: 'Push' });
    radius.answering(() => REJECT);
    for (let sent = 0; sent < 4; sent += 1) expect((await prove(await begun(), 'x')).body).toEqual(WRONG_OTP);
    radius.answering(() => ACCEPT);
    for (let sent = 0; sent < 4; sent += 1) expect((await prove(await begun(), 'x')).status).toBe(200);
  });
});

describe('a server that does not answer', () => {
  it('is told from a wrong code, and counts neither way', async () => {
    await plant();
    radius.answering(() => null);
    const pending = await server.partial(name);
    const { status, body } = await initialize(pending);
    expect([status, body]).toEqual([401, SILENT]);
    expect(await failures()).toEqual({ failures: 0, booked: 0 });
    const events = await server.rows(
      `SELECT 1 FROM audit_events WHERE action = 'sign-in.factor-unanswered'
       AND object_id = (SELECT principal_id::text FROM accounts WHERE name = $1)`,
      [name],
    );
    expect(events.length).toBe(1);
  });

  it('is asked again with the same packet, within the timeout', async () => {
    await plant({ mode: 'OneFactor' });
    radius.answering(() => (radius.asked.length < 2 ? null : ACCEPT));
    expect((await prove(await begun())).status).toBe(200);
    expect(radius.asked.length).toBe(2);
    expect(radius.asked[1]!.bytes).toBe(radius.asked[0]!.bytes);
  });

  it.each([
    'authenticator',
    'no-message-authenticator',
    'message-authenticator',
    'identifier',
    'secret',
    'cut',
  ] as const)(
    'is what an answer counts as whose %s is wrong (CVE-2024-3596); a right one behind it is heard',
    async (spoiled) => {
      await plant({ mode: 'OneFactor' });
      radius.answering(() => ({ ...ACCEPT, spoiled }));
      const pending = await begun();
      expect((await prove(pending)).body).toEqual(SILENT);
      radius.answering(() => [
        { ...ACCEPT, spoiled },
        { ...REJECT, delayMs: 50 },
      ]);
      expect((await prove(pending)).body).toEqual(WRONG_OTP);
    },
  );

  it('keeps nobody else waiting: no database connection is held meanwhile', async () => {
    await plant({ mode: 'OneFactor', timeout: 3 });
    const waiting = [await begun(), await begun(), await begun(), await begun()];
    radius.answering(() => ({ ...ACCEPT, delayMs: 1_500 }));
    const answers = Promise.all(waiting.map((client) => prove(client)));
    await expect.poll(() => radius.asked.length).toBe(4);
    const start = performance.now();
    expect((await server.authenticate(name)).status).toBe(200);
    expect(performance.now() - start).toBeLessThan(1_000);
    expect((await answers).map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  });
});

describe('hosts', () => {
  it.each([['localhost'], ['::1'], ['169.254.169.254'], ['2130706433'], ['radius.invalid']])(
    'S87 %s is not on the allow list: it answers as a silent one',
    async (host) => {
      await plant({ hostnames: [host] });
      expect((await initialize(await server.partial(name))).body).toEqual(SILENT);
      expect(radius.asked).toEqual([]);
    },
  );

  it('S87 is refused on another port', async () => {
    await plant({ port: radius.port + 1 });
    expect((await initialize(await server.partial(name))).body).toEqual(SILENT);
  });

  it('one is picked for a sign-in and kept to its end', async () => {
    await plant({ mode: 'OneFactor', hostnames: ['127.0.0.1', 'localhost'] });
    const picked = new Set<string>();
    const hostOf = async () => {
      const rows = await server.rows<{ host: string }>(
        'SELECT host FROM factor_challenges WHERE username = $1',
        [name],
      );
      return rows.at(-1)!.host;
    };
    for (let signIns = 0; signIns < 20; signIns += 1) {
      await server.rows('DELETE FROM factor_challenges WHERE username = $1', [name]);
      const pending = await begun();
      const first = await hostOf();
      for (let again = 0; again < 3; again += 1) await initialize(pending);
      expect(await hostOf()).toBe(first);
      picked.add(first);
    }
    expect([...picked].sort()).toEqual(['127.0.0.1', 'localhost']);
  });
});

describe('a provider made at /mfa-providers', () => {
  const provider = (values: object = {}) => ({
    name: `RADIUS of ${name}`,
    type: 'Radius',
    hostnames: ['127.0.0.1'],
    port: radius.port,
    sharedSecret: radius.secret,
    challengeSharedSecret: 'knock',
    authenticationProtocol: 'PAP',
    timeout: 1,
    ...values,
  });

  it('asks with its own secrets, also after a change that sends none', async () => {
    const admin = await server.administrator();
    const made = await admin.post('/mfa-providers', provider());
    expect(made.status).toBe(200);
    const changed = await admin.put(`/mfa-providers/${made.body.id}`, { ...made.body, inputType: 'Numeric' });
    expect([changed.status, changed.body.inputType]).toEqual([200, 'Numeric']);
    const settings = { providerId: made.body.id, exemptedUsers: ['CN=admin,OU=local'] };
    expect((await admin.put('/admin-mfa-settings', settings)).status).toBe(204);
    radius.answering(challenging);
    const pending = await server.partial(name);
    const { type, inputType, responseMessage } = (await initialize(pending)).body;
    expect([type, inputType, responseMessage]).toEqual(['Challenge', 'Numeric', 'Enter the code']);
    expect((await prove(pending)).status).toBe(200);
  });

  it('S87 is stored though its host is not listed, and answers as a silent one', async () => {
    const admin = await server.administrator();
    const made = await admin.post('/mfa-providers', provider({ hostnames: ['169.254.169.254'] }));
    expect([made.status, made.body.hostnames]).toEqual([200, ['169.254.169.254']]);
    await server.demandFactor(made.body.id, ['CN=admin,OU=local']);
    expect((await initialize(await server.partial(name))).body).toEqual(SILENT);
    const { status, text } = await admin.post(
      '/mfa-providers/test',
      provider({ hostnames: ['169.254.169.254'] }),
    );
    expect([status, text]).toEqual([
      200,
      '{"success":false,"error":true,"errorMessage":"Connection timed out."}',
    ]);
    expect(radius.asked).toEqual([]);
  });

  it('is tried before it is made', async () => {
    const admin = await server.administrator();
    expect((await admin.post('/mfa-providers/test', provider())).text).toBe('{"success":true}');
  });
});

describe('at /v1 where admin MFA is a RADIUS provider', () => {
  beforeAll(async () => {
    const { status } = await fetch(`${server.sallyport.url}/v1/sys/auth/userpass`, {
      method: 'POST',
      headers: { 'X-Vault-Token': server.sallyport.rootToken },
      body: JSON.stringify({ type: 'userpass' }),
    });
    if (status !== 204) throw new Error(`${status}`);
  });
  const logIn = async (headers: Record<string, string> = {}) => {
    const body = JSON.stringify({ password: PASSWORD });
    const response = await fetch(`${server.sallyport.url}/v1/auth/userpass/login/${name}`, {
      method: 'POST',
      headers,
      body,
    });
    return { status: response.status, body: (await response.json()) as any };
  };
  const closed = { status: 403, body: { errors: ['permission denied'] } };

  it('nobody gets in, with or without a code (vault.md §1.9)', async () => {
    const id = await plant({ mode: 'OneFactor' });
    expect(await logIn()).toEqual(closed);
    expect(await logIn({ 'X-Vault-MFA': `${id}:492039` })).toEqual(closed);
    expect(radius.asked).toEqual([]);
    await server.demandFactor(id, [`CN=${name},OU=local`]);
    expect((await logIn()).status).toBe(200);
  });

  it('a login that was pending before ends there too', async () => {
    await server.demandFactor('b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401');
    const { body } = await logIn();
    const id = await plant({ mode: 'OneFactor' });
    const response = await fetch(`${server.sallyport.url}/v1/sys/mfa/validate`, {
      method: 'POST',
      body: JSON.stringify({
        mfa_request_id: body.auth.mfa_requirement.mfa_request_id,
        mfa_payload: { [id]: ['492039'] },
      }),
    });
    expect([response.status, await response.json()]).toEqual([403, { errors: ['permission denied'] }]);
    expect(radius.asked).toEqual([]);
  });
});
