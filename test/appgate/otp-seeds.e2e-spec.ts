import { beforeAll, describe, expect, it } from 'vitest';
import type { AdminClient } from './admin-client.js';
import { factorOwed, FORBIDDEN, NO_TOKEN, NOT_FOUND, WRONG_OTP } from './error-bodies.js';
import { OTP_PROVIDER, withServer } from './scene.js';

const server = withServer();
let admin: AdminClient;
const secrets = new Map<string, string>();

const seeded = async (name: string) => {
  await server.demandFactor(null);
  await server.plantUser(name, [{ type: 'View', target: 'LocalUser', scope: { all: true } }]);
  await server.demandFactor(OTP_PROVIDER, ['CN=admin,OU=local']);
  const { secret, proven } = await server.enroll(await server.partial(name));
  secrets.set(name, secret);
  return proven;
};

beforeAll(async () => {
  admin = await server.administrator();
  await seeded('zoe');
  await seeded('Adam');
  await server.plantUser('halfway');
  await (await server.partial('halfway')).post('/authentication/otp/initialize', {});
});

describe('GET /otp/seeds', () => {
  it('lists users by name, one entry each, and no seed', async () => {
    const { status, text, body } = await admin.get('/otp/seeds');
    expect(status).toBe(200);
    expect(body).toEqual({
      data: [
        {
          userDistinguishedName: 'CN=Adam,OU=local',
          username: 'Adam',
          providerName: 'local',
          verified: true,
        },
        {
          userDistinguishedName: 'CN=halfway,OU=local',
          username: 'halfway',
          providerName: 'local',
          verified: false,
        },
        { userDistinguishedName: 'CN=zoe,OU=local', username: 'zoe', providerName: 'local', verified: true },
      ],
      range: '0-3/3',
      orderBy: 'username',
      descending: false,
      queries: [],
      totalCount: 3,
      filterBy: [],
    });
    for (const secret of secrets.values()) expect(text).not.toContain(secret);
  });

  it('searches the DN and filters by its fields', async () => {
    const names = async (query: string) =>
      (await admin.get(`/otp/seeds?${query}`)).body.data.map(
        ({ username }: { username: string }) => username,
      );
    expect(await names('query=CN%3DZOE%2Cou')).toEqual(['zoe']);
    expect(await names('verified=false')).toEqual(['halfway']);
    expect(await names('orderBy=verified&descending=true&range=0-1')).toHaveLength(2);
    expect((await admin.get('/otp/seeds?orderBy=name')).status).toBe(422);
  });

  it('S45 lists nothing of providers out of scope', async () => {
    await server.demandFactor(null);
    const [provider] = await server.rows<{ id: string }>(
      `SELECT id FROM identity_providers WHERE name = 'local'`,
    );
    const inScope = await server.userWith('desk', [
      { type: 'View', target: 'OtpSeed', scope: { ids: [provider!.id] } },
    ]);
    const outOfScope = await server.userWith('foreign desk', [
      { type: 'View', target: 'OtpSeed', scope: { tags: ['elsewhere'] } },
    ]);
    expect((await inScope.get('/otp/seeds')).body.totalCount).toBe(3);
    expect((await outOfScope.get('/otp/seeds')).body).toMatchObject({ data: [], totalCount: 0 });
  });
});

describe('DELETE /otp/seeds/{userDN}', () => {
  it('S63 takes the seed away, ends all tokens of the user, and the next initialize shows a new secret', async () => {
    const proven = await seeded('reset me');
    const final = proven.with((await proven.get('/authorization')).body.token);
    server.advance(30);
    const partial = await server.partial('reset me');
    const { status, text } = await admin.delete('/otp/seeds/CN=RESET%20ME%2COU=local');
    expect([status, text]).toEqual([204, '']);
    for (const client of [final, partial, proven])
      expect((await client.get('/authorization')).body).toEqual(NO_TOKEN);
    const pending = await server.partial('reset me');
    const begun = (await pending.post('/authentication/otp/initialize', {})).body;
    expect(begun.type).toBe('Secret');
    expect(begun.secret).not.toBe(secrets.get('reset me'));
    const old = await pending.post('/authentication/otp', { otp: server.code(secrets.get('reset me')!) });
    expect([old.status, old.body]).toEqual([401, WRONG_OTP]);
    expect((await pending.post('/authentication/otp', { otp: server.code(begun.secret) })).status).toBe(200);
    const [event] = await server.rows<{ detail: { reason?: string } }>(
      `SELECT detail FROM audit_events WHERE action = 'enrollment.removed' ORDER BY at DESC LIMIT 1`,
    );
    expect(event!.detail.reason).toBe('reset by an administrator');
  });

  it('takes the DN raw or percent-encoded', async () => {
    await seeded('raw');
    expect((await admin.delete('/otp/seeds/cn=raw,ou=local')).status).toBe(204);
  });

  it.each([
    'CN=nobody,OU=local',
    'CN=admin,OU=local',
    'CN=zoe,OU=elsewhere',
    'zoe',
    'CN=zoe',
    'CN=zoe%252COU=local',
  ])('answers 404 to %s', async (dn) => {
    const { status, body } = await admin.delete(`/otp/seeds/${dn}`);
    expect([status, body]).toEqual([404, NOT_FOUND]);
  });

  it('S45 judges the scope by the provider, before it looks the user up', async () => {
    await server.demandFactor(null);
    const desk = await server.userWith('far desk', [
      { type: 'View', target: 'OtpSeed', scope: { all: true } },
      { type: 'Delete', target: 'OtpSeed', scope: { tags: ['elsewhere'] } },
    ]);
    for (const dn of ['CN=zoe,OU=local', 'CN=nobody,OU=local'])
      expect((await desk.delete(`/otp/seeds/${dn}`)).body).toEqual(FORBIDDEN);
  });

  it('S49 resets no user who holds more', async () => {
    await server.demandFactor(null);
    const desk = await server.userWith('help desk', [
      { type: 'View', target: 'OtpSeed', scope: { all: true } },
      { type: 'Delete', target: 'OtpSeed', scope: { all: true } },
    ]);
    await server.demandFactor(OTP_PROVIDER);
    await server.enroll(await server.partial('admin'));
    await server.demandFactor(null);
    expect((await desk.delete('/otp/seeds/CN=admin,OU=local')).body).toEqual(FORBIDDEN);
    expect((await desk.delete('/otp/seeds/CN=zoe,OU=local')).body).toEqual(FORBIDDEN);
    expect((await desk.delete('/otp/seeds/CN=halfway,OU=local')).status).toBe(204);
  });

  it("S61 takes one's own away only where a factor was proven of late", async () => {
    await server.demandFactor(null);
    const desk = await server.userWith('own desk', [
      { type: 'View', target: 'OtpSeed', scope: { all: true } },
      { type: 'Delete', target: 'OtpSeed', scope: { all: true } },
    ]);
    const own = '/otp/seeds/CN=own desk,OU=local';
    expect((await desk.delete(own)).body).toEqual(NOT_FOUND);
    await server.demandFactor(OTP_PROVIDER);
    const { proven } = await server.enroll(await server.partial('own desk'));
    const fresh = server.client.with((await proven.get('/authorization')).body.token);
    await server.demandFactor(null);
    const { status, body } = await desk.delete(own);
    expect([status, body]).toEqual([412, factorOwed('own desk')]);
    server.advance(301);
    expect((await fresh.delete(own)).status).toBe(412);
    server.advance(-301);
    expect((await fresh.delete(own)).status).toBe(204);
  });
});
