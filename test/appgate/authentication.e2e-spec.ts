import { decode } from 'jpeg-js';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DEVICE, type AdminClient } from './admin-client.js';
import { NO_TOKEN, NOT_PENDING, notValid, THROTTLED, WRONG_OTP, WRONG_PASSWORD } from './error-bodies.js';
import { whileDeleting } from '../support/planted-faults.js';
import { OTP_PROVIDER, PASSWORD, withServer } from './scene.js';

const TOKEN = /^[A-Za-z0-9+/]{64}$/;
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

const server = withServer();
let users = 0;
/** A user nobody has signed in yet. */
const newUser = async () => {
  await server.demandFactor(null);
  const name = `user${++users}`;
  await server.plantUser(name, [{ type: 'View', target: 'LocalUser', scope: { all: true } }]);
  return name;
};

describe('GET /identity-providers/names', () => {
  it('lists the providers an administrator may sign in with', async () => {
    const { status, text } = await server.client.get('/identity-providers/names');
    expect(status).toBe(200);
    expect(text).toBe(
      '{"data":[{"name":"local","displayName":"local","type":"Credentials","certificatePriorities":[]}]}',
    );
  });
});

describe('POST /authentication', () => {
  beforeAll(() => server.demandFactor(null));

  it('answers a partial token, no privileges, and the end of the session', async () => {
    const { status, body } = await server.authenticate();
    expect(status).toBe(200);
    expect(body).toEqual({
      user: { name: 'admin', needTwoFactorAuth: false, canAccessAuditLogs: false, privileges: [] },
      token: expect.stringMatching(TOKEN),
      expires: expect.stringMatching(TIME),
    });
    const life = Date.parse(body.expires) - server.sallyport.clock.now().getTime();
    expect(life).toBe(12 * 3600 * 1000);
  });

  it('S38 makes a new token each time and ignores one that is sent', async () => {
    const known = await server.administrator();
    const first = await known.post('/authentication', server.credentials());
    const second = await server.client.with('unknown').post('/authentication', server.credentials());
    expect(new Set([known.token, first.body.token, second.body.token]).size).toBe(3);
  });

  it('finds the user whatever the case of the name and answers the name as first spelt', async () => {
    const { body } = await server.authenticate('ADMIN', server.adminPassword);
    expect(body.user.name).toBe('admin');
  });

  it('wants the exact name of the provider', async () => {
    const { status, body } = await server.client.post('/authentication', {
      ...server.credentials(),
      providerName: 'Local',
    });
    expect([status, body]).toEqual([401, WRONG_PASSWORD]);
  });

  it('S05 answers one and the same for everything that is wrong', async () => {
    await server.plantUser('disabled', [], { disabled: true });
    const wrong = [
      { username: 'admin', password: 'wrong password' },
      { username: 'nobody', password: 'wrong password' },
      { username: 'disabled', password: PASSWORD },
      { providerName: 'no such provider' },
      { providerName: 'service' },
      { providerName: 'Connector' },
    ];
    const answers = [];
    for (const fields of wrong)
      answers.push(await server.client.post('/authentication', { ...server.credentials(), ...fields }));
    for (const { status, text, headers } of answers) {
      expect([status, text, headers['www-authenticate']]).toEqual([
        401,
        JSON.stringify(WRONG_PASSWORD),
        'Bearer',
      ]);
    }
    const shapes = answers.map(({ headers: { date: _, 'x-request-id': __, ...headers } }) => headers);
    for (const shape of shapes) expect(shape).toEqual(shapes[0]);
  });

  it.each([
    [{ providerName: null }, ['providerName', 'may not be null']],
    [{ providerName: '' }, ['providerName', 'may not be empty']],
    [{ username: undefined }, ['username', 'may not be null']],
    [{ username: 5 }, ['username', 'must be a string']],
    [{ password: '' }, ['password', 'may not be empty']],
    [{ password: 'x'.repeat(1025) }, ['password', 'must be at most 1024 characters']],
    [{ username: 'x'.repeat(1025) }, ['username', 'must be at most 1024 characters']],
    [{ username: 'a\u0000' }, ['username', 'contains invalid characters']],
    [{ deviceId: 'not-a-uuid' }, ['deviceId', 'must be a UUID']],
    [{ deviceId: null }, ['deviceId', 'may not be null']],
    [{ idToken: 7 }, ['idToken', 'must be a string']],
  ])('S11 refuses what is no sign-in before it counts (%#)', async (fields, problem) => {
    const { status, body } = await server.client.post('/authentication', {
      ...server.credentials(),
      ...fields,
    });
    expect([status, body]).toEqual([422, notValid(...problem)]);
  });

  it('takes any UUID as device id, and empty fields of other providers for absent', async () => {
    const extra = { deviceId: DEVICE.toUpperCase(), samlResponse: '', idToken: '', accessToken: '' };
    expect((await server.client.post('/authentication', { ...server.credentials(), ...extra })).status).toBe(
      200,
    );
  });

  it.each(['/authentication', '/login'])(
    'S05 %s answers one who is deleted meanwhile like a wrong password',
    async (path) => {
      const name = await newUser();
      const signIn = () => server.client.post(path, server.credentials(name));
      const { status, body } = await whileDeleting(server.sallyport, name, signIn);
      expect([status, body]).toEqual([401, WRONG_PASSWORD]);
    },
  );

  it('S07 makes the right password wait too, after five wrong ones', async () => {
    const name = await newUser();
    for (let failure = 0; failure < 5; failure++)
      expect((await server.authenticate(name, 'wrong password')).status).toBe(401);
    const { status, body, headers } = await server.authenticate(name);
    expect([status, body, headers['retry-after']]).toEqual([429, THROTTLED, '30']);
    server.advance(30);
    expect((await server.authenticate(name)).status).toBe(200);
  });
});

describe('with the built-in time-based provider', () => {
  let name: string;
  let pending: AdminClient;
  beforeEach(async () => {
    name = await newUser();
    await server.demandFactor(OTP_PROVIDER);
    pending = await server.partial(name);
  });

  it('is over for one who is deleted meanwhile, before a secret is made', async () => {
    const initialize = () => pending.post('/authentication/otp/initialize', {});
    const { status, body } = await whileDeleting(server.sallyport, name, initialize);
    expect([status, body]).toEqual([401, NO_TOKEN]);
  });

  it.each(['right', 'wrong'])('is over for one who is deleted meanwhile, with a %s code', async (kind) => {
    const { secret } = (await pending.post('/authentication/otp/initialize', {})).body;
    const otp = kind === 'right' ? server.code(secret) : server.wrongCode(secret);
    const prove = () => pending.post('/authentication/otp', { otp });
    const { status, body } = await whileDeleting(server.sallyport, name, prove);
    expect([status, body]).toEqual([401, NO_TOKEN]);
  });

  describe('POST /authentication/otp/initialize', () => {
    it('shows a new secret, its URL and a JPEG of that URL', async () => {
      const { status, body } = await pending.post('/authentication/otp/initialize', {
        userPassword: PASSWORD,
      });
      expect([status, Object.keys(body)]).toEqual([
        200,
        ['type', 'inputType', 'secret', 'otpAuthUrl', 'barcode'],
      ]);
      expect([body.type, body.inputType]).toEqual(['Secret', 'Numeric']);
      expect(body.secret).toMatch(/^[A-Z2-7]{32}$/);
      expect(body.otpAuthUrl).toBe(
        `otpauth://totp/${name}@local@localhost?secret=${body.secret}&issuer=Appgate%20SDP`,
      );
      const jpeg = Buffer.from(body.barcode, 'base64');
      expect(jpeg.subarray(0, 3).toString('hex')).toBe('ffd8ff');
      expect(decode(jpeg).width).toBeGreaterThan(200);
    });

    it('needs no body', async () => {
      expect((await pending.post('/authentication/otp/initialize')).body.type).toBe('Secret');
      expect((await pending.post('/authentication/otp/initialize', {})).body.type).toBe('Secret');
      expect((await pending.post('/authentication/otp/initialize', { userPassword: 5 })).body).toEqual(
        notValid('userPassword', 'must be a string'),
      );
    });

    it('S59 shows one session the same secret again, also at once, and another session another', async () => {
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => pending.post('/authentication/otp/initialize', {})),
      );
      const secrets = new Set(answers.map(({ body }) => body.secret));
      expect(secrets.size).toBe(1);
      const [first] = secrets;
      const other = await server.partial(name);
      const { secret } = (await other.post('/authentication/otp/initialize', {})).body;
      expect(secret).not.toBe(first);
      expect((await pending.post('/authentication/otp', { otp: server.code(first) })).body).toEqual(
        WRONG_OTP,
      );
      expect((await other.post('/authentication/otp', { otp: server.code(secret) })).status).toBe(200);
    });

    it('S59 never shows a bound seed', async () => {
      await server.enroll(pending);
      const { text } = await (await server.partial(name)).post('/authentication/otp/initialize', {});
      expect(text).toBe('{"type":"AlreadySeeded","inputType":"Numeric"}');
    });
  });

  describe('POST /authentication/otp', () => {
    it('hands out a fresh partial token for a right code; the one of the request dies', async () => {
      const { secret } = (await pending.post('/authentication/otp/initialize', {})).body;
      const { status, body } = await pending.post('/authentication/otp', { otp: server.code(secret) });
      expect(status).toBe(200);
      expect(body).toEqual({
        user: { name, needTwoFactorAuth: false, canAccessAuditLogs: false, privileges: [] },
        token: expect.stringMatching(TOKEN),
        expires: expect.stringMatching(TIME),
      });
      expect((await pending.get('/authorization')).status).toBe(401);
      expect((await pending.with(body.token).get('/authorization')).status).toBe(200);
    });

    it('keeps the token usable after a wrong code', async () => {
      const { secret } = (await pending.post('/authentication/otp/initialize', {})).body;
      for (let attempt = 0; attempt < 2; attempt++) {
        const { status, body, headers } = await pending.post('/authentication/otp', {
          otp: server.wrongCode(secret),
        });
        expect([status, body, headers['www-authenticate']]).toEqual([401, WRONG_OTP, 'Bearer']);
      }
      expect((await pending.post('/authentication/otp', { otp: server.code(secret) })).status).toBe(200);
    });

    it.each([
      [{}, 'may not be null'],
      [{ otp: null }, 'may not be null'],
      [{ otp: '' }, 'may not be empty'],
      [{ otp: 123456 }, 'must be a string'],
      [{ otp: true }, 'must be a string'],
      [{ otp: ['123456'] }, 'must be a string'],
      [{ otp: { code: '123456' } }, 'must be a string'],
    ])('refuses %j', async (fields, message) => {
      const { status, body } = await pending.post('/authentication/otp', fields);
      expect([status, body]).toEqual([422, notValid('otp', message)]);
    });

    it('S16 takes six ASCII digits and nothing else, and counts nothing else', async () => {
      const { secret } = (await pending.post('/authentication/otp/initialize', {})).body;
      const code = server.code(secret);
      const fullWidth = [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join('');
      const arabic = [...code].map((digit) => String.fromCodePoint(0x660 + Number(digit))).join('');
      const spellings = [
        ` ${code}`,
        `${code} `,
        `${code.slice(0, 3)} ${code.slice(3)}`,
        `+${code}`,
        `${code}\n`,
        `0${code}`,
        code.slice(1),
        '1e5',
        fullWidth,
        arabic,
        `${code}\u0000`,
      ];
      for (const otp of spellings) {
        const { status, body } = await pending.post('/authentication/otp', { otp });
        expect([otp, status, body]).toEqual([otp, 401, WRONG_OTP]);
      }
      const { status, body } = await pending.post('/authentication/otp', { otp: code });
      expect(status).toBe(200);
      const again = await server.partial(name);
      for (const otp of spellings)
        expect((await again.post('/authentication/otp', { otp })).status).toBe(401);
      expect(body.token).toMatch(TOKEN);
    });

    it('accepts the step before and the step after, and none beyond', async () => {
      const { secret } = (await pending.post('/authentication/otp/initialize', {})).body;
      for (const step of [-2, 2]) {
        expect((await pending.post('/authentication/otp', { otp: server.code(secret, step) })).status).toBe(
          401,
        );
      }
      expect((await pending.post('/authentication/otp', { otp: server.code(secret, -1) })).status).toBe(200);
      const second = await server.partial(name);
      expect((await second.post('/authentication/otp', { otp: server.code(secret, 1) })).status).toBe(200);
    });

    it('S17 spends a step once, and never an older one after it', async () => {
      const { secret } = await server.enroll(pending);
      const again = await server.partial(name);
      for (const step of [0, -1]) {
        const { status, body } = await again.post('/authentication/otp', { otp: server.code(secret, step) });
        expect([status, body]).toEqual([401, WRONG_OTP]);
      }
      server.advance(30);
      expect((await again.post('/authentication/otp', { otp: server.code(secret) })).status).toBe(200);
    });

    it('S17 gives one token for one code sent 200 times at once', async () => {
      const { secret } = (await pending.post('/authentication/otp/initialize', {})).body;
      const otp = server.code(secret);
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => pending.post('/authentication/otp', { otp })),
      );
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
      for (const { status } of answers) expect([200, 401, 429]).toContain(status);
    });

    it('needs no initialize where a seed is bound, and refuses without one', async () => {
      expect((await pending.post('/authentication/otp', { otp: '123456' })).body).toEqual(WRONG_OTP);
      const { secret } = await server.enroll(pending);
      server.advance(30);
      const next = await server.partial(name);
      expect((await next.post('/authentication/otp', { otp: server.code(secret) })).status).toBe(200);
    });

    it('takes no notice of state for the built-in provider', async () => {
      const { secret } = (await pending.post('/authentication/otp/initialize', {})).body;
      expect(
        (await pending.post('/authentication/otp', { otp: server.wrongCode(secret), state: null })).status,
      ).toBe(401);
      expect(
        (await pending.post('/authentication/otp', { otp: server.wrongCode(secret), state: '' })).status,
      ).toBe(401);
      expect(
        (await pending.post('/authentication/otp', { otp: server.code(secret), state: 'YWJj' })).status,
      ).toBe(200);
    });

    it('S19 makes a right code wait after five wrong ones, and does not spend it', async () => {
      const { secret } = (await pending.post('/authentication/otp/initialize', {})).body;
      for (let failure = 0; failure < 5; failure++) {
        expect((await pending.post('/authentication/otp', { otp: server.wrongCode(secret) })).status).toBe(
          401,
        );
      }
      const otp = server.code(secret);
      const { status, body, headers } = await pending.post('/authentication/otp', { otp });
      expect([status, body, headers['retry-after']]).toEqual([429, THROTTLED, '30']);
      server.advance(30);
      expect((await pending.post('/authentication/otp', { otp })).status).toBe(200);
    });

    it('S22 does not forget failures for a new sign-in or a new initialize', async () => {
      const { secret } = await server.enroll(pending);
      for (let failure = 0; failure < 5; failure++) {
        const fresh = await server.partial(name);
        await fresh.post('/authentication/otp/initialize', {});
        expect((await fresh.post('/authentication/otp', { otp: server.wrongCode(secret) })).status).toBe(401);
      }
      server.advance(29);
      const last = await server.partial(name);
      expect((await last.post('/authentication/otp', { otp: server.code(secret) })).status).toBe(429);
    });

    it('checks nothing on a token that is not pending', async () => {
      const { secret, proven } = await server.enroll(pending);
      server.advance(30);
      const final = proven.with((await proven.get('/authorization')).body.token);
      for (const client of [proven, final]) {
        const { status, body } = await client.post('/authentication/otp', { otp: server.code(secret) });
        expect([status, body]).toEqual([401, NOT_PENDING]);
      }
      const next = await server.partial(name);
      expect((await next.post('/authentication/otp', { otp: server.code(secret) })).status).toBe(200);
    });
  });
});
