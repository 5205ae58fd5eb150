import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Authenticator } from '../support/authenticator.js';
import { inLine } from '../support/in-line.js';
import { expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, Stage, together } from '../support/stage.js';

const PATH = 'identity/mfa/method/totp/self-enroll';
const UNKNOWN = '820997b3-110e-c251-7e8b-ff4aa428a6e1';

let stage: Stage;
let open: string;
let name: string;
let entityId: string;
let people = 0;

beforeAll(async () => {
  stage = await Stage.open(2);
  open = await stage.addMethod('open', { enable_self_enrollment: true });
});
afterAll(() => stage.close());
beforeEach(async () => {
  name = `newcomer-${++people}`;
  await stage.addUser(name);
  entityId = (await stage.vault().logIn(name, PASSWORD)).body.auth.entity_id;
});

const enroll = (mfa_request_id: string, mfa_method_id = open, replica = 0) =>
  stage.vault(replica).write(PATH, { mfa_method_id, mfa_request_id });

const scan = async (requestId: string, replica = 0) =>
  Authenticator.scan((await expecting(200, enroll(requestId, open, replica))).body.data.url);

const refused = (message: string) => ({ errors: [message] });

async function owed(): Promise<{ requestId: string; any: object[] }> {
  const { auth } = (await expecting(200, stage.vault().logIn(name, PASSWORD))).body;
  const [constraint] = Object.values<{ any: object[] }>(auth.mfa_requirement.mfa_constraints);
  return { requestId: auth.mfa_requirement.mfa_request_id, any: constraint!.any };
}

describe('self-enroll', () => {
  it('shows a key by the pending login, and its next right code binds it', async () => {
    await stage.enforce(`for-${name}`, [entityId], [open]);
    const { requestId, any } = await owed();
    expect(any).toEqual([
      { type: 'totp', id: open, uses_passcode: true, name: 'open', self_enrollment_enabled: true },
    ]);
    const missing = await expecting(403, stage.vault().validate(requestId, '123456', open));
    expect(missing.body.errors[0]).toContain(
      `MFA secret for method ID "${open}" not present in entity "${entityId}"`,
    );
    const answer = await expecting(200, enroll(requestId));
    expect(answer.headers['content-type']).toBe('application/json');
    expect(answer.body).toEqual({
      request_id: expect.any(String),
      lease_id: '',
      renewable: false,
      lease_duration: 0,
      data: {
        url: expect.stringMatching(
          new RegExp(
            `^otpauth://totp/Example:${name}\\?algorithm=SHA1&digits=6&issuer=Example&period=30&secret=[A-Z2-7]{32}$`,
          ),
        ),
        barcode: expect.stringMatching(/^iVBOR/),
      },
      wrap_info: null,
      warnings: null,
      auth: null,
      mount_type: 'identity',
    });
    const authenticator = Authenticator.scan(answer.body.data.url);
    await expecting(403, stage.vault().validate(requestId, authenticator.wrongAt(stage.now)[0]!, open));
    const done = await expecting(
      200,
      stage.vault().validate(requestId, authenticator.codeAt(stage.now), open),
    );
    expect(done.body.auth.client_token).toMatch(/^hvs\./);
    const again = await owed();
    expect(again.any).toEqual([{ type: 'totp', id: open, uses_passcode: true, name: 'open' }]);
    const repeated = await expecting(400, enroll(again.requestId));
    expect(repeated.body).toEqual(refused('Entity already has a secret for MFA method "open"'));
    stage.clock.advance(30);
    await expecting(200, stage.vault().validate(again.requestId, authenticator.codeAt(stage.now), open));
  });

  it('S59 shows the same key to the same login, also to many at once, and another to another login', async () => {
    await stage.enforce(`for-${name}`, [entityId], [open]);
    const first = await stage.request(name);
    const shown = await together(8, (index) => enroll(first, open, index % 2));
    const urls = new Set(shown.map(({ body }) => body.data.url));
    expect(urls.size).toBe(1);
    const known = Authenticator.scan([...urls][0] as string);
    expect((await scan(first)).secret).toBe(known.secret);

    const second = await stage.request(name, 1);
    const fresh = await scan(second, 1);
    expect(fresh.secret).not.toBe(known.secret);
    for (const [requestId, code] of [
      [first, known],
      [first, fresh],
      [second, known],
    ] as const)
      await expecting(403, stage.vault().validate(requestId, code.codeAt(stage.now), open));
    await expecting(200, stage.vault().validate(second, fresh.codeAt(stage.now), open));
    expect((await enroll(first)).body).toEqual(refused('Entity already has a secret for MFA method "open"'));
  });

  it('does not move the end of the login, and is over with it', async () => {
    await stage.enforce(`for-${name}`, [entityId], [open]);
    const requestId = await stage.request(name);
    stage.clock.advance(299);
    const authenticator = await scan(requestId);
    stage.clock.advance(1);
    for (const late of [
      enroll(requestId),
      stage.vault().validate(requestId, authenticator.codeAt(stage.now), open),
    ])
      expect((await expecting(400, late)).body).toEqual(refused('invalid request ID'));
    expect((await scan(await stage.request(name))).secret).not.toBe(authenticator.secret);
  });

  it('S17 of two confirmations at once one gets a token', async () => {
    await stage.enforce(`for-${name}`, [entityId], [open]);
    const requestId = await stage.request(name);
    const code = (await scan(requestId)).codeAt(stage.now);
    const answers = await together(6, (index) => stage.vault(index % 2).validate(requestId, code, open));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('keeps a key as it was shown, whatever its method becomes', async () => {
    const other = await stage.addMethod('changing', { enable_self_enrollment: true });
    await stage.enforce(`for-${name}`, [entityId], [other]);
    const requestId = await stage.request(name);
    const url = (await expecting(200, enroll(requestId, other))).body.data.url;
    const changed = { method_name: 'changing', issuer: 'Example', digits: 8, enable_self_enrollment: true };
    await expecting(200, stage.root.write('identity/mfa/method/totp', changed));
    expect((await expecting(200, enroll(requestId, other))).body.data.url).toBe(url);
    await expecting(200, stage.vault().validate(requestId, Authenticator.scan(url).codeAt(stage.now), other));
  });

  it('refuses in the order of the contract', async () => {
    const closed = await stage.addMethod('closed');
    const duo = await stage.rows(
      `INSERT INTO mfa_methods (id, type, name, name_canonical, offered_at, config, created_at, updated_at)
       VALUES (gen_random_uuid(), 'duo', 'a duo', 'a duo', '{vault}', '{}', now(), now()) RETURNING id`,
    );
    await stage.enforce(`for-${name}`, [entityId], [open, closed, duo[0]!.id]);
    const requestId = await stage.request(name);
    const cases: [object, string][] = [
      [{}, 'missing method ID'],
      [{ mfa_method_id: open }, 'missing request ID'],
      [{ mfa_method_id: 'none', mfa_request_id: UNKNOWN }, 'invalid request ID'],
      [
        { mfa_method_id: 'none', mfa_request_id: requestId },
        'configuration for method ID "none" does not exist',
      ],
      [
        { mfa_method_id: UNKNOWN, mfa_request_id: requestId },
        `configuration for method ID "${UNKNOWN}" does not exist`,
      ],
      [
        { mfa_method_id: DEFAULT_METHOD, mfa_request_id: requestId },
        'method ID is not part of the login MFA request',
      ],
      [{ mfa_method_id: duo[0]!.id, mfa_request_id: requestId }, 'generate not available for MFA type "duo"'],
      [
        { mfa_method_id: closed, mfa_request_id: requestId },
        'self-enrollment is not enabled for this method',
      ],
    ];
    for (const [body, message] of cases)
      expect([message, (await expecting(400, stage.vault().write(PATH, body))).body]).toEqual([
        message,
        refused(message),
      ]);
  });

  it('makes nothing for a method or a person that goes meanwhile', async () => {
    const going = await stage.addMethod('going', { enable_self_enrollment: true });
    await stage.enforce(`for-${name}`, [entityId], [going]);
    const requestId = await stage.request(name);
    const [methodless] = await inLine(
      stage.first,
      `DELETE FROM login_enforcements WHERE name = 'for-${name}'; DELETE FROM mfa_methods WHERE id = '${going}'`,
      [() => enroll(requestId, going)],
    );
    expect([methodless.status, methodless.body]).toEqual([
      400,
      refused(`configuration for method ID "${going}" does not exist`),
    ]);
    await stage.enforce(`for-${name}`, [entityId], [open]);
    await stage.root.write('identity/entity', { name: 'spare' });
    const [personless] = await inLine(
      stage.first,
      `UPDATE accounts SET principal_id = (SELECT id FROM principals WHERE name = 'spare') WHERE principal_id = '${entityId}';
       DELETE FROM principals WHERE id = '${entityId}'`,
      [() => enroll(requestId)],
    );
    expect([personless.status, personless.body]).toEqual([400, refused('invalid request ID')]);
  });

  it('is closed to a login whose person is disabled or whose password changed', async () => {
    await stage.enforce(`for-${name}`, [entityId], [open]);
    const [first, second] = [await stage.request(name), await stage.request(name)];
    await expecting(204, stage.root.write(`identity/entity/id/${entityId}`, { disabled: true }));
    expect((await expecting(403, enroll(first))).body).toEqual(refused('permission denied'));
    await expecting(204, stage.root.write(`identity/entity/id/${entityId}`, { disabled: false }));
    const password = { password: 'another quiet harbour' };
    await expecting(204, stage.root.write(`auth/userpass/users/${name}/password`, password));
    expect((await expecting(400, enroll(second))).body).toEqual(refused('invalid request ID'));
  });

  it('S20 is never reopened by 100 wrong codes; admin-destroy and admin-generate reopen', async () => {
    await stage.enforce(`for-${name}`, [entityId], [open]);
    const authenticator = await scan(await stage.request(name));
    const requestId = await stage.request(name);
    const bound = await scan(requestId);
    expect(bound.secret).not.toBe(authenticator.secret);
    await expecting(200, stage.vault().validate(requestId, bound.codeAt(stage.now), open));
    for (let failure = 0; failure < 100; failure += 1) {
      stage.clock.advance(900);
      const pending = await stage.request(name);
      await expecting(403, stage.vault().validate(pending, bound.wrongAt(stage.now)[0]!, open));
    }
    stage.clock.advance(900);
    const { requestId: last, any } = await owed();
    expect(any).toEqual([{ type: 'totp', id: open, uses_passcode: true, name: 'open' }]);
    const right = await expecting(403, stage.vault().validate(last, bound.codeAt(stage.now), open));
    expect(right.body.errors[0]).toContain('failed to validate TOTP passcode');
    expect((await expecting(400, enroll(last))).body).toEqual(
      refused('Entity already has a secret for MFA method "open"'),
    );
    const destroy = { method_id: open, entity_id: entityId };
    await expecting(204, stage.root.write('identity/mfa/method/totp/admin-destroy', destroy));
    const given = await stage.seed(entityId, open);
    await expecting(200, stage.vault().validate(await stage.request(name), given.codeAt(stage.now), open));
  }, 120_000);

  it('writes who enrolled and tells the owner', async () => {
    await stage.enforce(`for-${name}`, [entityId], [open]);
    const requestId = await stage.request(name);
    const authenticator = await scan(requestId);
    const history = () =>
      stage.rows(
        'SELECT kind, factor_type, method_name, set_by_another FROM factor_history WHERE principal_id = $1 AND method_id IS NOT NULL',
        [entityId],
      );
    expect(await history()).toEqual([]);
    await expecting(200, stage.vault().validate(requestId, authenticator.codeAt(stage.now), open));
    expect(await history()).toEqual([
      { kind: 'bind', factor_type: 'totp', method_name: 'open', set_by_another: false },
    ]);
    const actions = await stage.rows(
      `SELECT action FROM audit_events WHERE object_id = $1 AND action LIKE 'enrollment.%' ORDER BY at`,
      [entityId],
    );
    expect(actions.map(({ action }) => action)).toEqual(['enrollment.begun', 'enrollment.bound']);
    const notices = await stage.rows(
      `SELECT kind, detail FROM notices WHERE principal_id = $1 AND detail->'factor'->>'type' = 'totp'`,
      [entityId],
    );
    expect(notices).toEqual([
      {
        kind: 'factor-bind',
        detail: {
          factor: { type: 'totp', methodId: open, methodName: 'open' },
          by: null,
          network: '127.0.0.0/24',
          setByAnother: false,
        },
      },
    ]);
  });
});
