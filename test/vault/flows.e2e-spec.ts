import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { type Answer, expecting } from '../support/send.js';
import { count, DEFAULT_METHOD, PASSWORD, type Player, Stage, together } from '../support/stage.js';

/** Lines of vault.md §15 that want two replicas, a restart, both dialects or many networks; the others stand beside their endpoints. */
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2, { settings: { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' } });
});
beforeEach(() => stage.clock.advance(30));
afterAll(() => stage.close());

const DENIED = [403, { errors: ['permission denied'] }];
const INVALID_REQUEST = [400, { errors: ['invalid request ID'] }];
const WRONG = 'failed to validate TOTP passcode';

const told = ({ status, body }: Answer) => [status, body];

function failed(enforcement: string, reason: string, methodId = DEFAULT_METHOD): unknown[] {
  const detail = `2 errors occurred:\n\t* ${reason}\n\t* login MFA validation failed for methodID: [${methodId}]\n\n`;
  return [403, { errors: [`failed to satisfy enforcement ${enforcement}. error: ${detail}`] }];
}

const pending = async ({ entityId }: Player) =>
  (await stage.rows('SELECT 1 FROM sign_ins WHERE principal_id = $1', [entityId])).length;

/** Whoever logs in and has no second factor yet. */
async function newcomer(name: string): Promise<string> {
  await stage.addUser(name);
  return (await expecting(200, stage.vault().logIn(name, PASSWORD))).body.auth.entity_id;
}

function signIn(name: string, password: string, address: string, replica = 0): Promise<Answer> {
  return stage.vault(replica).call('POST', `auth/userpass/login/${name}`, {
    headers: { 'x-forwarded-for': address },
    body: { password },
  });
}

describe('the header of a single phase', () => {
  it('that misses one of two enforcements is refused, and leaves no login waiting', async () => {
    const player = await stage.addProtected('two-owed');
    const second = await stage.addMethod('second');
    const other = await stage.seed(player.entityId, second);
    await stage.enforce('two-owed-too', [player.entityId], [second]);
    const [first, also] = [`default:${stage.code(player)}`, `second:${other.codeAt(stage.now)}`];
    for (const lines of [
      [first],
      [also],
      [first, 'unknown:123456'],
      [first, `second:${stage.wrong(player)}`],
    ])
      expect(told(await stage.vault().logIn('two-owed', PASSWORD, lines))).toEqual(DENIED);
    expect(await pending(player)).toBe(0);
    await expecting(200, stage.vault().logIn('two-owed', PASSWORD, [first, also]));
    expect(await pending(player)).toBe(0);
  });

  it('is one line for each method, not one line with commas', async () => {
    const player = await stage.addProtected('commas');
    const code = stage.code(player);
    for (const line of [`default:${code},second:${code}`, `default:${code},`, `second:1, default:${code}`])
      expect(told(await stage.vault().logIn('commas', PASSWORD, [line]))).toEqual(DENIED);
    await expecting(200, stage.vault().logIn('commas', PASSWORD, ['second:1', `default:${code}`]));
  });
});

describe('credential strings', () => {
  it.each([[[]], [['']], [['', '']]])('%j are no passcode', async (strings) => {
    const player = await stage.addProtected(`none-${strings.length}`);
    const mfa_request_id = await stage.request(player.name);
    const body = { mfa_request_id, mfa_payload: { default: strings } };
    expect(told(await stage.vault().write('sys/mfa/validate', body))).toEqual(
      failed(`for-${player.name}`, 'MFA credentials not supplied'),
    );
  });

  it('count the empty ones among others for nothing', async () => {
    const player = await stage.addProtected('with-empty');
    const mfa_request_id = await stage.request('with-empty');
    const mfa_payload = { default: ['', stage.code(player)] };
    await expecting(200, stage.vault().write('sys/mfa/validate', { mfa_request_id, mfa_payload }));
  });
});

describe('one pending request', () => {
  it('of two validates at once, or of five, gives one a token and tells the others that it is no request', async () => {
    const player = await stage.addProtected('at-once');
    for (let round = 0; round < 30; round += 1) {
      stage.clock.advance(30);
      const requestId = await stage.request('at-once', round % 2);
      const answers = await together(round < 10 ? 2 : 5, (index) =>
        stage.vault(index % 2).validate(requestId, stage.code(player)),
      );
      expect(count(answers, 200)).toBe(1);
      for (const answer of answers) if (answer.status !== 200) expect(told(answer)).toEqual(INVALID_REQUEST);
    }
  });
});

describe('a used code', () => {
  it('is refused in a new login, before and after a restart, and its token works on', async () => {
    const player = await stage.addProtected('reusing');
    const code = stage.code(player);
    const first = await expecting(200, stage.vault(1).validate(await stage.request('reusing', 1), code));
    const again = async () => told(await stage.vault(1).validate(await stage.request('reusing', 1), code));
    expect(await again()).toEqual(failed('for-reusing', WRONG));
    await stage.restart(1);
    expect(await again()).toEqual(failed('for-reusing', WRONG));
    const holder = stage.vault(1).with(first.body.auth.client_token);
    await expecting(200, holder.read('auth/token/lookup-self'));
  });

  it('of an enrolment at /admin is refused here, and the next one is not', async () => {
    const entityId = await newcomer('enrolled-there');
    await stage.makeAdministrator('enrolled-there');
    await stage.enforce('enrolled-there', [entityId]);
    const partial = await stage.partial('enrolled-there');
    const begun = await expecting(200, partial.post('/authentication/otp/initialize', {}));
    const phone = Authenticator.scan(begun.body.otpAuthUrl);
    const code = phone.codeAt(stage.now);
    await expecting(200, partial.submit(code));
    const validate = async (passcode: string) =>
      told(await stage.vault().validate(await stage.request('enrolled-there'), passcode));
    expect(await validate(code)).toEqual(failed('enrolled-there', WRONG));
    expect((await validate(phone.codeAt(stage.now, 1)))[0]).toBe(200);
  });
});

describe('consecutive failures', () => {
  it('of 99 are forgotten by one success', async () => {
    const player = await stage.addProtected('ninety-nine');
    await stage.rows(
      'INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, 98, $3)',
      [player.entityId, DEFAULT_METHOD, stage.now],
    );
    const authenticator = async () =>
      (await stage.root.read(`identity/entity/id/${player.entityId}`)).body.data.mfa_authenticators[0];
    const validate = async (code: string) => stage.vault().validate(await stage.request('ninety-nine'), code);
    expect(told(await validate(stage.wrong(player)))).toEqual(failed('for-ninety-nine', WRONG));
    expect(await authenticator()).toMatchObject({ state: 'bound', consecutive_failures: 99 });
    stage.clock.advance(900);
    await expecting(200, validate(stage.code(player)));
    expect(await authenticator()).toMatchObject({ state: 'bound', consecutive_failures: 0 });
    expect(told(await validate(stage.wrong(player)))).toEqual(failed('for-ninety-nine', WRONG));
    expect(await authenticator()).toMatchObject({ state: 'bound', consecutive_failures: 1 });
  });
});

describe('guessing from outside', () => {
  const HOME = '198.51.100.7';

  it('thousands of wrong passwords from unknown networks keep nobody out of where they usually are', async () => {
    await stage.addUser('besieged');
    await expecting(200, signIn('besieged', PASSWORD, HOME));
    const answers: Answer[] = [];
    for (let network = 0; network < 250; network += 1)
      answers.push(
        ...(await together(8, (guess) =>
          signIn('besieged', `guess ${guess}`, `10.${network}.${guess}.9`, guess % 2),
        )),
      );
    expect(answers).toHaveLength(2_000);
    expect(count(answers, 400) + count(answers, 403)).toBe(2_000);
    await expecting(200, signIn('besieged', PASSWORD, HOME));
  }, 180_000);
});
