import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { type Answer, expecting } from '../support/send.js';
import { count, DEFAULT_METHOD, PASSWORD, type Player, Stage, together } from '../support/stage.js';
import type { VaultClient } from '../support/vault-client.js';

const PATH = 'identity/mfa/method/totp/self-reset';

let stage: Stage;
let player: Player;
let token: VaultClient;
let people = 0;

beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());
beforeEach(async () => {
  player = await stage.addProtected(`owner-${++people}`);
  token = stage.vault().with(await stage.vaultToken(player));
  stage.clock.advance(30);
});

const begin = (code: string, as = token): Promise<Answer> =>
  as.write(PATH, { method_id: DEFAULT_METHOD, mfa_payload: { default: [code] } });

const confirm = (passcode: string, as = token): Promise<Answer> =>
  as.write(`${PATH}/confirm`, { method_id: DEFAULT_METHOD, passcode });

async function begun(): Promise<Authenticator> {
  const answer = await expecting(200, begin(stage.code(player)));
  return Authenticator.scan(answer.body.data.url);
}

const lives = async (client: VaultClient): Promise<boolean> =>
  (await client.read('auth/token/lookup-self')).status === 200;

const detail = (reason: string) =>
  `failed to satisfy MFA proof. error: 2 errors occurred:\n\t* ${reason}\n\t* login MFA validation failed for methodID: [${DEFAULT_METHOD}]\n\n`;

const refused = (message: string) => ({ errors: [message] });

describe('self-reset', () => {
  it('shows a new key for a code of the old one, which works on until the new one is confirmed', async () => {
    const answer = await expecting(200, begin(stage.code(player)));
    expect(answer.body.data).toEqual({
      url: expect.stringMatching(/^otpauth:\/\/totp\/Sallyport:owner-\d+\?algorithm=SHA1&digits=6&/),
      barcode: expect.stringMatching(/^iVBOR/),
    });
    const fresh = Authenticator.scan(answer.body.data.url);
    expect(fresh.secret).not.toBe(player.authenticator.secret);
    const other = await stage.request(player.name);
    await expecting(403, stage.vault().validate(other, fresh.codeAt(stage.now)));
    stage.clock.advance(30);
    await expecting(200, stage.vault().validate(other, stage.code(player)));

    const first = fresh.codeAt(stage.now);
    const done = await expecting(204, confirm(first));
    expect(done.text).toBe('');
    stage.clock.advance(30);
    const later = await stage.request(player.name, 1);
    await expecting(403, stage.vault(1).validate(later, stage.code(player)));
    await expecting(403, stage.vault(1).validate(later, first));
    await expecting(200, stage.vault(1).validate(later, fresh.codeAt(stage.now)));
  });

  it('S39 ends all tokens of the person but the one that did it', async () => {
    const other = stage.vault(1).with(await stage.vaultToken(player, 1));
    stage.clock.advance(30);
    const partial = await stage.partial(player.name);
    const fresh = await begun();
    expect([await lives(token), await lives(other)]).toEqual([true, true]);
    await expecting(204, confirm(fresh.codeAt(stage.now)));
    expect([await lives(token), await lives(token.at(stage.servers[1]!.url)), await lives(other)]).toEqual([
      true,
      true,
      false,
    ]);
    await expecting(401, partial.post('/authentication/otp/initialize', {}));
  });

  it('S18 spends the code that was the proof', async () => {
    const code = stage.code(player);
    await expecting(200, begin(code));
    expect((await expecting(403, begin(code))).body).toEqual(
      refused(detail('failed to validate TOTP passcode')),
    );
    await expecting(403, stage.vault().validate(await stage.request(player.name), code));
  });

  it('S59 shows the same key to the same token, and another to another token, whose is the only one then', async () => {
    const first = await begun();
    stage.clock.advance(30);
    expect((await begun()).secret).toBe(first.secret);
    const other = stage.vault(1).with(await stage.vaultToken(player, 1));
    stage.clock.advance(30);
    expect((await expecting(400, confirm(first.codeAt(stage.now), other))).body).toEqual(
      refused('no reset in progress'),
    );
    const answer = await expecting(200, begin(stage.code(player), other));
    const second = Authenticator.scan(answer.body.data.url);
    expect(second.secret).not.toBe(first.secret);
    expect((await expecting(400, confirm(first.codeAt(stage.now)))).body).toEqual(
      refused('no reset in progress'),
    );
    await expecting(204, confirm(second.codeAt(stage.now), other));
  });

  it('is open for 300 s', async () => {
    const fresh = await begun();
    stage.clock.advance(300);
    expect((await expecting(400, confirm(fresh.codeAt(stage.now)))).body).toEqual(
      refused('no reset in progress'),
    );
    const again = await begun();
    stage.clock.advance(299);
    await expecting(204, confirm(again.codeAt(stage.now)));
    expect((await expecting(400, confirm(again.codeAt(stage.now)))).body).toEqual(
      refused('no reset in progress'),
    );
  });

  it('S17 is confirmed by one of many at once, over two replicas', async () => {
    const code = (await begun()).codeAt(stage.now);
    const answers = await together(6, (index) => confirm(code, token.at(stage.servers[index % 2]!.url)));
    expect(count(answers, 204)).toBe(1);
    const [row] = await stage.rows(
      `SELECT count(*)::int AS changes FROM factor_history WHERE principal_id = $1 AND kind = 'change'`,
      [player.entityId],
    );
    expect(row).toEqual({ changes: 1 });
  });

  it('takes nothing but the code as proof, and tells why not', async () => {
    const ask = (body: object) => token.write(PATH, body);
    const cases: [object, number, string][] = [
      [{}, 400, 'missing method ID'],
      [{ method_id: 'none' }, 400, 'configuration for method ID "none" does not exist'],
      [{ method_id: DEFAULT_METHOD, mfa_payload: { default: 'x' } }, 400, 'invalid mfa payload'],
      [
        { method_id: DEFAULT_METHOD },
        403,
        'failed to satisfy MFA proof. error: failed to sanitize MFA creds, 1 error occurred:\n\t* failed to find MFA credentials ' +
          `associated with an MFA method ID ${DEFAULT_METHOD}, method name default\n\n`,
      ],
      [
        { method_id: DEFAULT_METHOD, mfa_payload: { default: [] } },
        403,
        detail('MFA credentials not supplied'),
      ],
      [
        { method_id: DEFAULT_METHOD, mfa_payload: { default: ['12345'] } },
        403,
        detail('failed to validate TOTP passcode'),
      ],
    ];
    for (const [body, status, message] of cases) {
      const answer = await ask(body);
      expect([message, answer.status, answer.body]).toEqual([message, status, refused(message)]);
    }
    const other = await stage.addMethod(`empty-${people}`);
    const none = await expecting(400, token.write(PATH, { method_id: other, mfa_payload: {} }));
    expect(none.body).toEqual(refused(`Entity has no secret for MFA method "empty-${people}"`));
    const root = await expecting(400, stage.root.write(PATH, { method_id: DEFAULT_METHOD }));
    expect(root.body).toEqual(refused('missing entityID'));
  });

  it('S10 counts wrong codes of both steps with those of the login, and waits', async () => {
    const fresh = await begun();
    expect((await expecting(403, confirm(''))).body).toEqual(refused(detail('MFA credentials not supplied')));
    expect(
      (await expecting(400, token.write(`${PATH}/confirm`, { method_id: DEFAULT_METHOD, passcode: 1 }))).body,
    ).toEqual(refused('invalid passcode'));
    await expecting(403, confirm('12345'));
    const wrong = fresh.wrongAt(stage.now)[0]!;
    await expecting(403, confirm(wrong));
    await expecting(403, confirm(wrong, token.at(stage.servers[1]!.url)));
    await expecting(403, begin(stage.wrong(player)));
    const requestId = await stage.request(player.name);
    await expecting(403, stage.vault().validate(requestId, stage.wrong(player)));
    await expecting(403, confirm(wrong));
    const waiting = detail(
      'maximum TOTP validation attempts 6 exceeded the allowed attempts 5. Please try again in 30s seconds',
    );
    expect((await expecting(403, confirm(fresh.codeAt(stage.now)))).body).toEqual(refused(waiting));
    stage.clock.advance(30);
    await expecting(204, confirm(fresh.codeAt(stage.now)));
  });

  it('S20 does not bring back an authenticator that failures have stopped', async () => {
    const fresh = await begun();
    await stage.rows(
      `INSERT INTO factor_throttles (principal_id, method_id, failures, updated_at) VALUES ($1, $2, 99, now())
       ON CONFLICT (principal_id, method_id) DO UPDATE SET failures = 99, wait_until = NULL, booked = 0`,
      [player.entityId, DEFAULT_METHOD],
    );
    await expecting(403, confirm(fresh.wrongAt(stage.now)[0]!));
    for (const seconds of [0, 250]) {
      stage.clock.advance(seconds);
      expect((await expecting(403, confirm(fresh.codeAt(stage.now)))).body).toEqual(
        refused(detail('failed to validate TOTP passcode')),
      );
    }
    expect((await expecting(403, begin(stage.code(player)))).body).toEqual(
      refused(detail('failed to validate TOTP passcode')),
    );
    const kinds = await stage.rows(
      'SELECT kind FROM factor_history WHERE principal_id = $1 AND method_id IS NOT NULL ORDER BY at',
      [player.entityId],
    );
    expect(kinds.map(({ kind }) => kind)).toEqual(['bind', 'disable']);
  });

  it('is over when an administrator takes the authenticator away', async () => {
    const fresh = await begun();
    const destroy = { method_id: DEFAULT_METHOD, entity_id: player.entityId };
    await expecting(204, stage.root.write('identity/mfa/method/totp/admin-destroy', destroy));
    expect((await confirm(fresh.codeAt(stage.now))).status).toBe(403);
    expect(await stage.rows('SELECT 1 FROM totp_resets WHERE principal_id = $1', [player.entityId])).toEqual(
      [],
    );
  });

  it('needs a token', async () => {
    for (const path of [PATH, `${PATH}/confirm`])
      expect((await expecting(403, stage.vault().write(path, {}))).body).toEqual(
        refused('permission denied'),
      );
    expect((await stage.vault().logIn(player.name, PASSWORD)).status).toBe(200);
  });
});
