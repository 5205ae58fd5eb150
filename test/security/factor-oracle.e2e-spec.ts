import { Keyring } from '@sallyport/platform';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import type { AppgateClient } from '../support/appgate-client.js';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, Stage } from '../support/stage.js';

const { counter } = vi.hoisted(() => ({ counter: { macs: 0 } }));
// Passes everything through; counts the MACs that are computed (S23).
vi.mock('otplib', async (importOriginal) => {
  const original = await importOriginal<typeof import('otplib')>();
  const generateSync: typeof original.generateSync = (options) => {
    counter.macs += 1;
    return original.generateSync(options);
  };
  return { ...original, generateSync };
});

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

it('S23 not enrolled, not confirmed, disabled, wrong and replayed are one answer for the same work at /admin', async () => {
  const wrong = await stage.addProtected('case-wrong');
  const replayed = await stage.addProtected('case-replayed');
  const disabled = await stage.addProtected('case-disabled');
  await stage.rows('UPDATE totp_enrollments SET disabled_at = now() WHERE principal_id = $1', [
    disabled.entityId,
  ]);
  await stage.addUser('case-none');
  const { auth } = (await stage.vault().logIn('case-none', PASSWORD)).body;
  await stage.enforce('for-case-none', [auth.entity_id]);
  const unconfirmed = await stage.partial('case-none');
  const { body: begun } = await expecting(200, unconfirmed.post('/authentication/otp/initialize', {}));
  const stranger = new Authenticator(begun.secret);
  stage.clock.advance(30);
  await expecting(200, (await stage.partial('case-replayed')).submit(stage.code(replayed)));
  await stage.addUser('case-empty');
  const empty = (await stage.vault().logIn('case-empty', PASSWORD)).body.auth;
  await stage.enforce('for-case-empty', [empty.entity_id]);

  const cases: [AppgateClient, string][] = [
    [await stage.partial('case-wrong'), stage.wrong(wrong)],
    [await stage.partial('case-replayed'), stage.code(replayed)],
    [await stage.partial('case-disabled'), stage.code(disabled)],
    [await stage.partial('case-none'), stranger.codeAt(stage.now)],
    [await stage.partial('case-empty'), '123456'],
  ];
  const unseal = vi.spyOn(stage.first.app.get(Keyring, { strict: false }), 'unseal');
  const seen: object[] = [];
  for (const [client, code] of cases) {
    counter.macs = 0;
    unseal.mockClear();
    const { status, text, headers } = await client.submit(code);
    const { date: _, 'x-request-id': __, ...rest } = headers;
    seen.push({ status, text, rest, macs: counter.macs, seeds: unseal.mock.calls.length });
  }
  expect(seen[0]).toMatchObject({
    status: 401,
    macs: 3,
    seeds: 1,
    text: expect.stringContaining('Invalid one-time password.'),
  });
  for (const answer of seen) expect(answer).toEqual(seen[0]);
});

it('S23 at /v1 only a missing secret is told, to whoever has passed the password', async () => {
  const bodies = [];
  for (const name of ['case-wrong', 'case-replayed', 'case-disabled']) {
    const { errors } = (await stage.vault().validate(await stage.request(name), '000000')).body;
    bodies.push(errors[0].replaceAll(`for-${name}`, '<enforcement>'));
  }
  expect(new Set(bodies).size).toBe(1);
  const none = await stage.vault().validate(await stage.request('case-empty'), '000000');
  expect(none.body.errors[0]).toContain(`MFA secret for method ID "${DEFAULT_METHOD}" not present in entity`);
});
