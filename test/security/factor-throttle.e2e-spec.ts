import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { type Answer, expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, Stage, together } from '../support/stage.js';

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

function isThrottled({ status, text }: Answer): boolean {
  return status === 429 || text.includes('maximum TOTP validation attempts');
}

it('S19 of 200 parallel wrong codes exactly five are evaluated', async () => {
  const player = await stage.addProtected('flooded');
  const wrong = player.authenticator.wrongAt(stage.now, 200);
  const requestId = await stage.request('flooded');
  const partial = await stage.partial('flooded');
  const answers = await together(200, (index) => {
    if (index % 4 < 2) return stage.vault(index % 2).validate(requestId, wrong[index]!);
    return partial.at(stage.servers[index % 2]!.url).submit(wrong[index]!);
  });
  expect(answers.filter(wasEvaluated).length).toBe(5);
  expect(answers.filter(isThrottled).length).toBe(195);
  expect(await failuresOf(player)).toBe(5);
});

it('S19 the wait doubles up to 15 minutes; a right code inside it is not spent and works after it', async () => {
  const player = await stage.addProtected('patient');
  const waits: number[] = [];
  for (let failure = 1; failure <= 12; failure += 1) {
    const partial = await stage.partial('patient');
    await expecting(401, partial.submit(stage.wrong(player)));
    const inside = await partial.submit(stage.wrong(player));
    if (failure < 5) {
      expect(inside.status).toBe(401);
      failure += 1;
      continue;
    }
    expect(inside.status).toBe(429);
    const wait = Number(inside.headers['retry-after']);
    const spelled = await stage.vault(1).validate(await stage.request('patient'), stage.code(player));
    expect(spelled.body.errors[0]).toContain(
      `maximum TOTP validation attempts 6 exceeded the allowed attempts 5. Please try again in ${wait}s seconds`,
    );
    waits.push(wait);
    stage.clock.advance(wait);
  }
  expect(waits).toEqual([30, 60, 120, 240, 480, 900, 900, 900]);
  const code = stage.code(player, 1);
  await expecting(401, (await stage.partial('patient')).submit(stage.wrong(player)));
  await expecting(429, (await stage.partial('patient')).submit(code));
  await stage.rows('UPDATE factor_throttles SET wait_until = $2 WHERE principal_id = $1', [
    player.entityId,
    new Date(stage.now.getTime() + 30_000),
  ]);
  stage.clock.advance(30);
  await expecting(200, (await stage.partial('patient')).submit(code));
  expect(await failuresOf(player)).toBe(0);
});

it('S19 another factor of the account, other accounts and passwords are untouched', async () => {
  const spare = await stage.addMethod('spare');
  const player = await stage.addPlayer('spared');
  const second: Player = { ...player, authenticator: await stage.seed(player.entityId, spare) };
  await stage.enforce('spared-any', [player.entityId], [DEFAULT_METHOD, spare]);
  for (let failure = 1; failure <= 3; failure += 1)
    await expecting(400, stage.vault().logIn('spared', 'wrong'));
  expect(await failuresOf(player)).toBe(0);
  for (let failure = 1; failure <= 5; failure += 1)
    await expecting(403, stage.vault().validate(await stage.request('spared'), stage.wrong(player)));
  expect(isThrottled(await stage.vault().validate(await stage.request('spared'), stage.code(player)))).toBe(
    true,
  );
  await expecting(200, stage.vault(1).validate(await stage.request('spared'), stage.code(second), spare));
  expect(isThrottled(await stage.vault().validate(await stage.request('spared'), stage.code(player)))).toBe(
    true,
  );
});

it('S20 the hundredth failure in a row disables the authenticator, until it is reset', async () => {
  const spare = await stage.addMethod('spare for the stubborn');
  const player = await stage.addPlayer('stubborn');
  const second: Player = { ...player, authenticator: await stage.seed(player.entityId, spare) };
  await stage.enforce('stubborn-any', [player.entityId], [DEFAULT_METHOD, spare]);
  const began = stage.now.getTime();
  for (let failure = 1; failure <= 99; failure += 1) {
    if (failure === 60) await stage.restart(1);
    const answer = await stage
      .vault(failure % 2)
      .validate(await stage.request('stubborn', failure % 2), stage.wrong(player));
    expect([failure, wasEvaluated(answer)]).toEqual([failure, true]);
    if (failure >= 5) stage.clock.advance(Math.min(30 * 2 ** (failure - 5), 900));
  }
  expect(stage.now.getTime() - began).toBeGreaterThanOrEqual(22 * 3_600_000);
  const requestId = await stage.request('stubborn');
  const wrong = player.authenticator.wrongAt(stage.now, 20);
  await together(20, (index) => stage.vault(index % 2).validate(requestId, wrong[index]!));
  expect(await failuresOf(player)).toBe(100);
  const events = await stage.rows(
    `SELECT object_id, detail FROM audit_events WHERE action = 'enrollment.disabled'`,
  );
  const change = { before: { state: 'bound' }, after: { state: 'disabled' } };
  expect(events).toEqual([{ object_id: player.entityId, detail: { methodId: DEFAULT_METHOD, ...change } }]);

  stage.clock.advance(365 * 86_400);
  const late = await stage.vault().validate(await stage.request('stubborn'), stage.code(player));
  expect([late.status, wasEvaluated(late)]).toEqual([403, true]);
  expect(await failuresOf(player)).toBe(100);
  await expecting(200, stage.vault().validate(await stage.request('stubborn'), stage.code(second), spare));

  await expecting(
    204,
    stage.root.write('identity/mfa/method/totp/admin-destroy', {
      method_id: DEFAULT_METHOD,
      entity_id: player.entityId,
    }),
  );
  const rebound: Player = { ...player, authenticator: await stage.seed(player.entityId) };
  await expecting(200, stage.vault().validate(await stage.request('stubborn'), stage.code(rebound)));
}, 120_000);

it('S21 whoever has no live token of the account moves no count', async () => {
  const victim = await stage.addProtected('victim');
  const attacker = await stage.addProtected('attacker');
  const spent = await stage.request('attacker');
  stage.clock.advance(30);
  await expecting(200, stage.vault().validate(spent, stage.code(attacker)));
  const dead = await stage.partial('victim');
  const expired = await stage.request('victim');
  stage.clock.advance(601);
  const invented: AppgateClient[] = ['x'.repeat(64), 'AAAA', stage.first.rootToken].map((token) =>
    stage.appgate().with(token),
  );
  const ownPartial = await stage.partial('attacker');
  for (let round = 0; round < 20; round += 1) {
    const code = victim.authenticator.wrongAt(stage.now, 20)[round]!;
    for (const client of [...invented, dead, stage.appgate()]) {
      const answer = await client.submit(code);
      expect(answer.body).toEqual({
        id: 'unauthorized',
        message: 'The token is missing, invalid or expired. Sign in again.',
      });
    }
    for (const requestId of [spent, expired, '5d1b6ad1-1c2e-4a2c-9a2a-6a8a7b6f3b11', 'no id'])
      expect((await stage.vault().validate(requestId, code)).body).toEqual({
        errors: ['invalid request ID'],
      });
    await stage.vault().logIn(`somebody-${round}`, 'wrong', [`default:${code}`]);
    if (round < 4) {
      const beside = await stage.vault().logIn('victim', 'wrong', [`default:${code}`]);
      const without = await stage.vault().logIn('somebody else', 'wrong');
      expect([beside.status, beside.text]).toEqual([without.status, without.text]);
      await expecting(401, ownPartial.submit(stage.code(victim)));
    }
  }
  expect(await failuresOf(victim)).toBe(0);
});

it('S22 failures over three aliases and both dialects add up, and nothing but success clears them', async () => {
  const player = await stage.addProtected('manyfold');
  const mounts = ['west', 'east'];
  for (const mount of mounts) {
    await expecting(204, stage.root.write(`sys/auth/${mount}`, { type: 'userpass' }));
    await expecting(204, stage.root.write(`auth/${mount}/users/manyfold-${mount}`, { password: PASSWORD }));
    const { accessor } = (await stage.root.read(`sys/auth/${mount}`)).body.data;
    await expecting(
      200,
      stage.root.write('identity/entity-alias', {
        name: `manyfold-${mount}`,
        canonical_id: player.entityId,
        mount_accessor: accessor,
      }),
    );
  }
  const viaMount = async (mount: string, replica: number) => {
    const { auth } = (
      await expecting(200, stage.vault(replica).logIn(`manyfold-${mount}`, PASSWORD, [], mount))
    ).body;
    return stage.vault(replica).validate(auth.mfa_requirement.mfa_request_id, stage.wrong(player));
  };
  expect(wasEvaluated(await viaMount('west', 0))).toBe(true);
  expect(wasEvaluated(await viaMount('east', 1))).toBe(true);
  expect(
    wasEvaluated(await stage.vault().validate(await stage.request('manyfold'), stage.wrong(player))),
  ).toBe(true);
  const partial = await stage.partial('manyfold', 1);
  await expecting(200, partial.post('/authentication/otp/initialize', {}));
  expect(wasEvaluated(await partial.submit(stage.wrong(player)))).toBe(true);
  await expecting(
    204,
    stage.root.write(`identity/mfa/method/totp/${DEFAULT_METHOD}`, {
      issuer: 'Another',
      method_name: 'default',
      max_validation_attempts: 5,
    }),
  );
  expect(wasEvaluated(await (await stage.partial('manyfold')).submit(stage.wrong(player)))).toBe(true);
  expect(await failuresOf(player)).toBe(5);
  expect(isThrottled(await (await stage.partial('manyfold')).submit(stage.code(player)))).toBe(true);
  expect(isThrottled(await viaMount('west', 1))).toBe(true);
  await expecting(
    204,
    stage.root.write(`identity/mfa/method/totp/${DEFAULT_METHOD}`, {
      issuer: 'Sallyport',
      method_name: 'default',
      max_validation_attempts: 10,
    }),
  );
  expect(await failuresOf(player)).toBe(5);
  await expecting(
    204,
    stage.root.write(`identity/mfa/method/totp/${DEFAULT_METHOD}`, {
      issuer: 'Sallyport',
      method_name: 'default',
    }),
  );
});
