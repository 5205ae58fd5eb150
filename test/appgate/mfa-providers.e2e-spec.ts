import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { BUILT_IN, CONFLICT, NOT_FOUND, notValid } from './error-bodies.js';
import { OTP_PROVIDER, withServer } from './scene.js';

const FIDO2 = '3ae98d53-c520-437f-99e4-451f936e6d2c';
const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});
const fields = (name: string, extra: object = {}) => ({
  name,
  type: 'Radius',
  hostnames: ['radius.example.com'],
  port: 1812,
  sharedSecret: 'shared by both',
  challengeSharedSecret: 'first request',
  ...extra,
});
const create = async (name: string, extra: object = {}) => {
  const { status, body, text } = await admin.post('/mfa-providers', fields(name, extra));
  if (status !== 200) throw new Error(text);
  return body;
};
const IN_USE = { id: 'conflict', message: 'The object is in use.' };

describe('/mfa-providers', () => {
  it('lists the built-in ones', async () => {
    const { body } = await admin.get('/mfa-providers');
    const common = { notes: '', tags: ['builtin'], created: expect.any(String), updated: expect.any(String) };
    expect(body.data).toEqual([
      { id: FIDO2, name: 'Default FIDO2 Provider', ...common, type: 'Fido2', inputType: 'Masked' },
      {
        id: OTP_PROVIDER,
        name: 'Default Time-Based OTP Provider',
        ...common,
        type: 'DefaultTimeBased',
        inputType: 'Numeric',
      },
    ]);
  });

  it('fills defaults in the answer and never answers a secret', async () => {
    const { status, body } = await admin.post('/mfa-providers', fields('defaults'));
    expect(status).toBe(200);
    expect(body).toEqual({
      id: body.id,
      name: 'defaults',
      notes: '',
      tags: [],
      created: expect.stringMatching(/Z$/),
      updated: body.created,
      type: 'Radius',
      hostnames: ['radius.example.com'],
      port: 1812,
      authenticationProtocol: 'CHAP',
      timeout: 6,
      mode: 'Challenge',
      useUserPassword: false,
      inputType: 'Masked',
    });
    expect((await admin.get(`/mfa-providers/${body.id}`)).body).toEqual(body);
  });

  it('S65 seals both secrets, keeps them on a PUT without and takes an empty sharedSecret for absent', async () => {
    const { id } = await create('sealed');
    const secrets = async () =>
      (
        await server.rows(
          'SELECT sealed_shared_secret, sealed_challenge_secret FROM mfa_methods WHERE id = $1',
          [id],
        )
      )[0]!;
    const before = await secrets();
    expect(JSON.stringify(before)).not.toContain('shared by both');
    const { sharedSecret: _, challengeSharedSecret: __, ...rest } = fields('sealed') as any;
    expect((await admin.put(`/mfa-providers/${id}`, { ...rest, sharedSecret: '' })).status).toBe(200);
    expect(await secrets()).toEqual(before);
    expect((await admin.put(`/mfa-providers/${id}`, { ...rest, challengeSharedSecret: 'new' })).status).toBe(
      200,
    );
    const after: any = await secrets();
    expect(after.sealed_shared_secret).toEqual(before['sealed_shared_secret']);
    expect(after.sealed_challenge_secret).not.toEqual(before['sealed_challenge_secret']);
  });

  it('needs a challenge secret unless nothing would send it', async () => {
    const without = (extra: object) =>
      admin.post('/mfa-providers', {
        ...fields(`c${JSON.stringify(extra).length}`, extra),
        challengeSharedSecret: undefined,
      });
    expect((await without({})).body).toEqual(notValid('challengeSharedSecret', 'may not be null'));
    expect((await without({ mode: 'Push' })).body).toEqual(
      notValid('challengeSharedSecret', 'may not be null'),
    );
    expect((await without({ port: 0 })).body).toEqual(
      notValid('port', 'must be between 1 and 65535', 'challengeSharedSecret', 'may not be null'),
    );
    expect((await without({ useUserPassword: true })).status).toBe(200);
    expect((await without({ mode: 'OneFactor', timeout: 9 })).status).toBe(200);
  });

  it.each([
    [{ type: null }, ['type', 'may not be null']],
    [{ type: 'Fido2' }, ['type', 'must be one of [Radius]']],
    [{ hostnames: null }, ['hostnames', 'may not be null']],
    [{ hostnames: [] }, ['hostnames', 'may not be empty']],
    [{ hostnames: ['a', ''] }, ['hostnames[1]', 'may not be empty']],
    [{ hostnames: ['a b'] }, ['hostnames[0]', 'contains invalid characters']],
    [{ port: 0 }, ['port', 'must be between 1 and 65535']],
    [{ port: null }, ['port', 'may not be null']],
    [{ sharedSecret: null }, ['sharedSecret', 'may not be null']],
    [{ timeout: 121 }, ['timeout', 'must be between 1 and 120']],
    [{ mode: 'Both' }, ['mode', 'must be one of [OneFactor, Challenge, Push]']],
    [{ authenticationProtocol: 'EAP' }, ['authenticationProtocol', 'must be one of [PAP, CHAP]']],
    [{ inputType: 'Any' }, ['inputType', 'must be one of [Masked, Numeric, Text]']],
    [{ useUserPassword: 1 }, ['useUserPassword', 'must be a boolean']],
  ])('S81 refuses a wrong value (%#)', async (extra, problems) => {
    const { status, body } = await admin.post('/mfa-providers', fields('refused', extra));
    expect([status, body]).toEqual([422, notValid(...problems)]);
  });

  it('is unique by name, also against the built-in ones', async () => {
    expect((await admin.post('/mfa-providers', fields('default time-based otp provider'))).body).toEqual(
      CONFLICT,
    );
  });

  it('changes of a built-in one only inputType, notes and tags, and deletes none', async () => {
    const path = `/mfa-providers/${OTP_PROVIDER}`;
    const before = (await admin.get(path)).body;
    const put = await admin.put(path, { ...before, inputType: 'Text', notes: 'n', tags: ['builtin', 'x'] });
    expect(put.body).toEqual({
      ...before,
      inputType: 'Text',
      notes: 'n',
      tags: ['builtin', 'x'],
      updated: expect.any(String),
    });
    expect((await admin.put(path, { ...before, name: 'Mine' })).body).toEqual(
      notValid('name', 'may not be changed'),
    );
    const ofRadius = {
      hostnames: ['radius.example.com'],
      port: 1812,
      sharedSecret: 's',
      authenticationProtocol: 'PAP',
      timeout: 6,
      mode: 'Push',
      useUserPassword: true,
      challengeSharedSecret: 's',
    };
    expect(await admin.put(path, { ...before, ...ofRadius })).toMatchObject({
      status: 422,
      body: notValid(...Object.keys(ofRadius).flatMap((field) => [field, 'may not be changed'])),
    });
    const nothing = Object.fromEntries(Object.keys(ofRadius).map((field) => [field, null]));
    const again = { ...put.body, ...nothing, sharedSecret: '' };
    expect((await admin.put(path, again)).body).toEqual({ ...put.body, updated: expect.any(String) });
    expect((await admin.put(path, { ...before, type: 'Radius' })).body).toEqual(
      notValid('type', 'may not be changed'),
    );
    expect((await admin.delete(path)).body).toEqual(BUILT_IN);
    expect((await admin.put(path, before)).status).toBe(200);
    const pending = await server.rows<{ config: object }>('SELECT config FROM mfa_methods WHERE id = $1', [
      OTP_PROVIDER,
    ]);
    expect(pending[0]!.config).toMatchObject({
      algorithm: 'SHA1',
      digits: 6,
      period: 30,
      inputType: 'Numeric',
    });
  });

  it('keeps the type of a RADIUS provider', async () => {
    const { id } = await create('typed');
    expect((await admin.put(`/mfa-providers/${id}`, fields('typed', { type: 'Fido2' }))).body).toEqual(
      notValid('type', 'may not be changed'),
    );
  });

  it('is not deleted while administrators owe it', async () => {
    const { id } = await create('owed');
    await admin.put('/admin-mfa-settings', { providerId: id, exemptedUsers: ['CN=admin,OU=local'] });
    expect((await admin.delete(`/mfa-providers/${id}`)).body).toEqual(IN_USE);
    await admin.delete('/admin-mfa-settings');
    expect((await admin.delete(`/mfa-providers/${id}`)).status).toBe(204);
    expect((await admin.get(`/mfa-providers/${id}`)).body).toEqual(NOT_FOUND);
  });

  it('is not shown at /v1', async () => {
    const { id } = await create('only-here');
    const answer = await fetch(`${server.sallyport.url}/v1/identity/mfa/method/${id}`, {
      headers: { 'x-vault-token': server.sallyport.rootToken },
    });
    expect(answer.status).toBeGreaterThanOrEqual(400);
  });

  it('tries a server that is not there: 200, error as a boolean', async () => {
    const { name: _, ...body } = fields('x', { hostnames: ['127.0.0.1'], port: 9, timeout: 1 }) as any;
    const answer = await admin.post('/mfa-providers/test', body);
    expect([answer.status, answer.body]).toEqual([
      200,
      { success: false, error: true, errorMessage: 'Connection timed out.' },
    ]);
    expect((await admin.post('/mfa-providers/test', { ...body, sharedSecret: undefined })).body).toEqual(
      notValid('sharedSecret', 'may not be null'),
    );
  });
});
