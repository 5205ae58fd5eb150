import { beforeEach, describe, expect, it } from 'vitest';
import { AdminClient, DEVICE, V23 } from './admin-client.js';
import { factorOwed, notAcceptable, WRONG_OTP } from './error-bodies.js';
import { OTP_PROVIDER, PASSWORD, withServer } from './scene.js';

const V5 = 'application/vnd.appgate.peer-v5+json';
const READER = [{ type: 'View', target: 'LocalUser', scope: { all: true } }];

const server = withServer();
let users = 0;
let name: string;
beforeEach(async () => {
  await server.demandFactor(null);
  name = `client${++users}`;
  await server.plantUser(name, READER);
});

/** What the Go clients need to decode an answer at all. */
const decodes = ({ headers, text }: { headers: Record<string, unknown>; text: string }) =>
  text === '' || /^(application|text)\/(vnd\.\w+\+)?json/.test(String(headers['content-type']));

describe('sdpctl (appgate.md §8.1)', () => {
  const anonymous = () => server.client.speaking(V23);

  it('signs in with a one-time code, tries again after a wrong one, and comes back with the stored token', async () => {
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local']);
    const probe = await anonymous()
      .speaking(V5)
      .post('/authentication', { providerName: '', deviceId: DEVICE });
    expect([probe.status, probe.body]).toEqual([406, notAcceptable(V5)]);
    const max: number = probe.body.maxSupportedVersion;
    const client = anonymous().speaking(`application/vnd.appgate.peer-v${max}+json`);
    const providers = (await client.get('/identity-providers/names')).body.data;
    expect(providers).toHaveLength(1);
    const first = await client.post('/authentication', {
      providerName: providers[0].name,
      username: name,
      password: PASSWORD,
      deviceId: DEVICE,
    });
    expect([first.status, decodes(first)]).toEqual([200, true]);
    const partial = client.with(first.body.token);
    const owed = await partial.get('/authorization');
    expect([owed.status, owed.body]).toEqual([412, factorOwed(name)]);
    const { type, secret, barcode } = (
      await partial.post('/authentication/otp/initialize', { userPassword: PASSWORD })
    ).body;
    expect([type, typeof barcode]).toEqual(['Secret', 'string']);
    const wrong = await partial.post('/authentication/otp', { otp: server.wrongCode(secret) });
    expect([wrong.status, wrong.body]).toEqual([401, WRONG_OTP]);
    const right = await partial.post('/authentication/otp', { otp: server.code(secret) });
    expect(right.status).toBe(200);
    const final = await partial.with(right.body.token).get('/authorization');
    expect(final.status).toBe(200);
    expect(final.body.user.privileges).toEqual([
      { type: 'View', target: 'LocalUser', scope: { all: true, ids: [], tags: [] } },
    ]);
    server.advance(50 * 60);
    const stored = await client.with(final.body.token).get('/authorization');
    expect([stored.status, stored.body.token, stored.body.user.name]).toEqual([200, final.body.token, name]);
  });

  it('without a factor asks for authorization twice and uses the second answer', async () => {
    const partial = await server.partial(name);
    const [first, second] = [await partial.get('/authorization'), await partial.get('/authorization')];
    expect([first.status, second.status]).toEqual([200, 200]);
    expect((await server.client.with(second.body.token).get('/local-users')).status).toBe(200);
  });

  it('waits for the next step to sign in again with the same authenticator', async () => {
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local']);
    const { secret } = await server.enroll(await server.partial(name));
    const next = await server.partial(name);
    expect((await next.post('/authentication/otp/initialize', { userPassword: PASSWORD })).body.type).toBe(
      'AlreadySeeded',
    );
    expect((await next.post('/authentication/otp', { otp: server.code(secret) })).status).toBe(401);
    server.advance(30);
    expect((await next.post('/authentication/otp', { otp: server.code(secret) })).status).toBe(200);
  });
});

describe('the Terraform provider (appgate.md §8.2)', () => {
  /** A fresh `/login` before every operation, and a doubled prefix. */
  const operate = async (method: string, path: string, body?: unknown) => {
    const signedIn = await server.client.post('/login', server.credentials());
    const headers = { authorization: `Bearer Bearer ${signedIn.body.token}` };
    const answer = await server.client.send({ method, path, body, headers });
    expect(decodes(answer)).toBe(true);
    return answer;
  };

  it('probes with the real credentials, then manages a local user from creation to deletion', async () => {
    const probe = await server.client.speaking(V5).post('/login', server.credentials());
    expect([probe.status, probe.body.minSupportedVersion, probe.body.maxSupportedVersion]).toEqual([
      406, 17, 23,
    ]);
    const wanted = {
      id: '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d',
      name: 'terraformed',
      notes: 'Managed by terraform',
      tags: ['api-created', 'terraform'],
      firstName: 'john',
      lastName: 'doe',
      password: 'hunter2 and then some',
      email: 'john.doe@test.com',
      phone: '+1-202-555-0172',
      failedLoginAttempts: 30,
      lockStart: '2020-04-27T09:51:03Z',
    };
    const created = await operate('POST', '/local-users', wanted);
    expect(created.status).toBe(200);
    const { password: _, ...readable } = wanted;
    const read = await operate('GET', `/local-users/${wanted.id}`);
    expect(read.body).toMatchObject(readable);
    const found = await operate('GET', '/local-users?query=terraformed&orderBy=name&range=0-10');
    expect(found.body.data[0].id).toBe(wanted.id);
    const updated = await operate('PUT', `/local-users/${wanted.id}`, { ...read.body, firstName: 'jane' });
    expect([updated.status, updated.body.firstName]).toEqual([200, 'jane']);
    expect((await operate('DELETE', `/local-users/${wanted.id}`)).status).toBe(204);
    expect((await operate('GET', `/local-users/${wanted.id}`)).status).toBe(404);
  });

  it('reads, writes, reads and deletes the MFA settings', async () => {
    const before = await operate('GET', '/admin-mfa-settings');
    const settings = {
      ...before.body,
      providerId: OTP_PROVIDER,
      exemptedUsers: ['CN=JohnDoe,OU=local', 'CN=admin,OU=local'],
    };
    expect((await operate('PUT', '/admin-mfa-settings', settings)).status).toBe(204);
    expect((await operate('GET', '/admin-mfa-settings')).body).toEqual(settings);
    expect((await operate('DELETE', '/admin-mfa-settings')).status).toBe(204);
  });
});

describe('AGextension (appgate.md §8.3)', () => {
  const speaking = (version: number) =>
    new AdminClient(server.client.origin, null, `application/vnd.appgate.peer-v${version}+json`);

  it('signs in with versions 18 and 17 and a seed that is bound already', async () => {
    await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local']);
    const { secret } = await server.enroll(await server.partial(name));
    server.advance(30);
    const names = (await speaking(18).get('/identity-providers/names')).body.data;
    expect(names.filter(({ type }: { type: string }) => type === 'Credentials')).toHaveLength(1);
    const client = speaking(17);
    const first = await client.post('/authentication', {
      deviceId: DEVICE,
      providerName: names[0].name,
      username: name,
      password: PASSWORD,
    });
    expect(first.body.user.needTwoFactorAuth).toBe(true);
    const pending = client.with(first.body.token);
    expect((await pending.post('/authentication/otp/initialize', {})).body.type).toBe('AlreadySeeded');
    const proven = pending.with(
      (await pending.post('/authentication/otp', { otp: server.code(secret) })).body.token,
    );
    const { status, body } = await proven.get('/authorization');
    expect([status, body.user.needTwoFactorAuth]).toEqual([200, false]);
    const unserved = await proven.with(body.token).get('/entitlements');
    expect([unserved.status, unserved.body.id]).toEqual([404, 'not found']);
  });
});
