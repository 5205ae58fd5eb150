import { Keyring } from '@sallyport/platform';
import { seedPlace } from '@sallyport/mfa-methods';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Answer, expecting } from '../support/send.js';
import { count, DEFAULT_METHOD, PASSWORD, type Player, Stage, together } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

async function failuresOf({ entityId }: Player, methodId = DEFAULT_METHOD): Promise<number> {
  const rows = await stage.rows(
    'SELECT failures FROM factor_throttles WHERE principal_id = $1 AND method_id = $2',
    [entityId, methodId],
  );
  return rows[0]?.failures ?? 0;
}

/** Whether the code was looked at and found wrong, as against not looked at. */
function wasEvaluated({ text }: Answer): boolean {
  return text.includes('failed to validate TOTP passcode') || text.includes('Invalid one-time password');
}

const ODD: [what: string, spell: (code: string) => unknown][] = [
  ['a space before', (code) => ` ${code}`],
  ['a space after', (code) => `${code} `],
  ['a space inside', (code) => `${code.slice(0, 3)} ${code.slice(3)}`],
  ['a line end', (code) => `${code}\n`],
  [
    'full-width digits',
    (code) => [...code].map((digit) => String.fromCodePoint(0xff10 + Number(digit))).join(''),
  ],
  [
    'Arabic digits',
    (code) => [...code].map((digit) => String.fromCodePoint(0x0660 + Number(digit))).join(''),
  ],
  ['a sign', (code) => `+${code}`],
  ['a shorter one with a sign', (code) => `+${code.slice(1)}`],
  ['an exponent', () => '1e5'],
  ['seven digits', (code) => `0${code}`],
  ['five digits', (code) => code.slice(1)],
  ['hexadecimal', (code) => `0x${Number(code).toString(16)}`],
  ['a number', (code) => Number(code)],
  ['an array', (code) => [code]],
  ['nothing', () => ''],
];

it('S16 no other spelling of a code is taken, before or after it was used, and none is counted', async () => {
  const player = await stage.addProtected('spelled');
  const expectAllRefused = async () => {
    const partial = await stage.partial('spelled');
    const requestId = await stage.request('spelled');
    for (const [what, spell] of ODD) {
      const otp = spell(stage.code(player));
      const atAdmin = await partial.post('/authentication/otp', { otp });
      const atVault = await stage
        .vault()
        .write('sys/mfa/validate', { mfa_request_id: requestId, mfa_payload: { default: [otp] } });
      expect([what, [401, 422].includes(atAdmin.status), [400, 403].includes(atVault.status)]).toEqual([
        what,
        true,
        true,
      ]);
      if (typeof otp === 'string') {
        const header = Buffer.from(`default:${otp}`).toString('latin1').replace('\n', '');
        if (header === `default:${stage.code(player)}`) continue;
        if (/^[\x20-\x7e]*$/.test(header) && header === header.trim())
          expect([what, (await stage.vault().logIn('spelled', PASSWORD, [header])).status]).toEqual([
            what,
            otp === '' ? 400 : 403,
          ]);
      }
    }
    expect(await failuresOf(player)).toBe(0);
  };
  await expectAllRefused();
  const requestId = await stage.request('spelled');
  await expecting(200, stage.vault().validate(requestId, stage.code(player)));
  await expectAllRefused();
});

it('S17 200 parallel tries with one code over two replicas and both dialects give one token', async () => {
  const player = await stage.addProtected('raced');
  stage.clock.advance(30);
  const { code, answers } = await stage.race(player);
  expect(count(answers, 200)).toBe(1);
  const issued = answers.find(({ status }) => status === 200)!;
  expect(issued.body.auth?.client_token ?? issued.body.token).toEqual(expect.any(String));

  await stage.restart(1);
  for (const replica of [0, 1]) {
    const again = await stage.vault(replica).validate(await stage.request('raced', replica), code);
    expect([again.status, wasEvaluated(again)]).toEqual([403, true]);
    await expecting(401, (await stage.partial('raced', replica)).submit(code));
  }
}, 120_000);

it('S17 one header login per code, of 40 at once', async () => {
  const player = await stage.addProtected('single');
  const code = stage.code(player);
  const answers = await together(40, (index) =>
    stage.vault(index % 2).logIn('single', PASSWORD, [`default:${code}`]),
  );
  expect(count(answers, 200)).toBe(1);
});

it('S17 a later step first, then the earlier one is a replay', async () => {
  const player = await stage.addProtected('ahead');
  await expecting(200, stage.vault().validate(await stage.request('ahead'), stage.code(player, 1)));
  for (const steps of [-1, 0, 1])
    await expecting(403, stage.vault(1).validate(await stage.request('ahead'), stage.code(player, steps)));
  expect(await failuresOf(player)).toBe(0);
});

it('S17 a clock set back revives no step', async () => {
  const player = await stage.addProtected('backward');
  await expecting(200, stage.vault().validate(await stage.request('backward'), stage.code(player)));
  stage.clock.advance(-3600);
  for (const steps of [-1, 0, 1])
    await expecting(401, (await stage.partial('backward')).submit(stage.code(player, steps)));
  stage.clock.advance(3600);
});

it('S17 two users with equal codes both pass', async () => {
  const one = await stage.addProtected('twin-one');
  const other = await stage.addProtected('twin-two');
  const keyring = stage.first.app.get(Keyring, { strict: false });
  const [row] = await stage.rows<{ sealed_seed: Buffer }>(
    'SELECT sealed_seed FROM totp_enrollments WHERE principal_id = $1',
    [one.entityId],
  );
  const seed = await keyring.unseal(row!.sealed_seed, seedPlace(DEFAULT_METHOD, one.entityId));
  const sealed = await keyring.seal(seed, seedPlace(DEFAULT_METHOD, other.entityId));
  await stage.rows('UPDATE totp_enrollments SET sealed_seed = $2 WHERE principal_id = $1', [
    other.entityId,
    sealed,
  ]);
  const code = stage.code(one);
  for (const name of ['twin-one', 'twin-two'])
    await expecting(200, stage.vault().validate(await stage.request(name), code));
  for (const name of ['twin-one', 'twin-two'])
    await expecting(403, stage.vault().validate(await stage.request(name), code));
});
