import { afterAll, beforeAll, expect, it } from 'vitest';
import { failOn } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

it('S18 spending, clearing, ending, issuing and the audit row happen together or not at all', async () => {
  const faults: Parameters<typeof failOn>[] = [
    [stage.first.database, 'totp_enrollments', ['UPDATE']],
    [stage.first.database, 'sign_ins', ['UPDATE', 'DELETE']],
    [stage.first.database, 'tokens', ['INSERT']],
    [stage.first.database, 'audit_events', ['INSERT']],
    [stage.first.database, 'audit_events', ['INSERT'], true],
  ];
  const player = await stage.addProtected('whole');
  const state = async () => [
    await stage.rows('SELECT last_used_step, verified_at FROM totp_enrollments WHERE principal_id = $1', [
      player.entityId,
    ]),
    await stage.rows('SELECT id, handle_hash, factors FROM sign_ins WHERE principal_id = $1 ORDER BY id', [
      player.entityId,
    ]),
    await stage.rows('SELECT id FROM tokens WHERE principal_id = $1 AND revoked_at IS NULL ORDER BY id', [
      player.entityId,
    ]),
    await stage.rows(`SELECT count(*)::int FROM audit_events WHERE outcome = 'success'`),
    await stage.rows('SELECT failures, booked FROM factor_throttles WHERE principal_id = $1', [
      player.entityId,
    ]),
  ];
  for (const fault of faults) {
    stage.clock.advance(60);
    const requestId = await stage.request('whole');
    const partial = await stage.partial('whole');
    await expecting(401, partial.submit(stage.wrong(player)));
    const code = stage.code(player);
    const before = await state();
    const mend = await failOn(...fault);
    const atVault = await stage.vault().validate(requestId, code);
    const atAdmin = fault[1] === 'tokens' ? null : await partial.submit(code);
    await mend();
    expect([fault[1], [500, 503].includes(atVault.status)]).toEqual([fault[1], true]);
    if (atAdmin !== null) expect([fault[1], [500, 503].includes(atAdmin.status)]).toEqual([fault[1], true]);
    expect(await state()).toEqual(before);
    await expecting(200, stage.vault().validate(requestId, code));
    await expecting(401, partial.submit(code));
  }
});

it('S18 one code satisfies two enforcements that name one method', async () => {
  const player = await stage.addProtected('doubled');
  await stage.enforce('doubled-too', [player.entityId]);
  await expecting(200, stage.vault().validate(await stage.request('doubled'), stage.code(player)));
  stage.clock.advance(30);
  await expecting(200, stage.vault().logIn('doubled', PASSWORD, [`default:${stage.code(player)}`]));
  stage.clock.advance(30);
  const { body } = await expecting(200, (await stage.partial('doubled')).submit(stage.code(player)));
  expect(body.user.needTwoFactorAuth).toBe(false);
});
