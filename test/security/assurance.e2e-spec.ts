import { TokensService } from '@sallyport/tokens';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { expecting } from '../support/send.js';
import { PASSWORD, type Player, Stage } from '../support/stage.js';

let stage: Stage;
let player: Player;
beforeAll(async () => {
  stage = await Stage.open();
  await stage.addUser('plain');
  player = await stage.addProtected('proven');
});
afterAll(() => stage.close());

async function levelOf(secret: string): Promise<unknown> {
  const checked = await stage.first.app.get(TokensService, { strict: false }).check(secret);
  return checked?.state === 'live' ? checked.token.assuranceLevel : null;
}

it('S43 is 1 after a password, in either dialect', async () => {
  const { auth } = (await expecting(200, stage.vault().logIn('plain', PASSWORD))).body;
  const admin = (await expecting(200, stage.appgate().logIn('admin', stage.first.adminPassword))).body;
  expect([await levelOf(auth.client_token), await levelOf(admin.token)]).toEqual([1, 1]);
});

it('S43 is 2 after a second factor, and is written down with the token', async () => {
  expect(await levelOf(await stage.vaultToken(player))).toBe(2);
  const [event] = await stage.rows(
    `SELECT detail->'assuranceLevel' AS level FROM audit_events WHERE action = 'token.issued' AND actor_principal_id = $1
     ORDER BY at DESC LIMIT 1`,
    [player.entityId],
  );
  expect(event).toEqual({ level: 2 });
});

it('S43 takes a token whose record was removed for password only, and lets it open nothing that is owed more', async () => {
  const secret = await stage.vaultToken(player);
  await stage.rows(`UPDATE tokens SET factors = '[]' WHERE principal_id = $1`, [player.entityId]);
  expect(await levelOf(secret)).toBe(1);
  const answer = await stage.appgate().with(secret).authorize();
  expect([answer.status, answer.body.otpRequired]).toEqual([412, true]);
});

it('S43 raises no token that exists: only a new one, earned by a new proof, stands higher', async () => {
  const { auth } = (await expecting(200, stage.vault().logIn('plain', PASSWORD))).body;
  await stage.vaultToken(player);
  await stage.seed(auth.entity_id);
  expect(await levelOf(auth.client_token)).toBe(1);
});
