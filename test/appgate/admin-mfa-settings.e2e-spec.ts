import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { AdminClient } from './admin-client.js';
import { factorOwed, notValid } from './error-bodies.js';
import { OTP_PROVIDER, PASSWORD, withServer } from './scene.js';

const FIDO2_PROVIDER = '3ae98d53-c520-437f-99e4-451f936e6d2c';
const OFF = { providerId: null, exemptedUsers: [] };
const EXEMPT = ['CN=admin,OU=local'];

const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});
beforeEach(() => admin.delete('/admin-mfa-settings'));

describe('/admin-mfa-settings', () => {
  it('starts switched off and answers both fields always', async () => {
    const { status, text } = await admin.get('/admin-mfa-settings');
    expect([status, text]).toEqual([200, '{"providerId":null,"exemptedUsers":[]}']);
  });

  it('answers what was put, the names in the spelling and order given, CN and OU in upper case', async () => {
    const settings = { providerId: OTP_PROVIDER, exemptedUsers: ['cn=JohnDoe,ou=local', ...EXEMPT] };
    const { status, text } = await admin.put('/admin-mfa-settings', settings);
    expect([status, text]).toEqual([204, '']);
    const kept = (await admin.get('/admin-mfa-settings')).body;
    expect(kept.providerId).toBe(OTP_PROVIDER);
    expect(kept.exemptedUsers).toEqual(['CN=JohnDoe,OU=local', 'CN=admin,OU=local']);
  });

  it.each([{}, { providerId: '' }, { providerId: null, exemptedUsers: null }])(
    'is switched off by %j',
    async (settings) => {
      await admin.put('/admin-mfa-settings', { providerId: OTP_PROVIDER, exemptedUsers: EXEMPT });
      expect((await admin.put('/admin-mfa-settings', settings)).status).toBe(204);
      expect((await admin.get('/admin-mfa-settings')).body).toEqual(OFF);
    },
  );

  it('is switched off by DELETE', async () => {
    await admin.put('/admin-mfa-settings', { providerId: OTP_PROVIDER, exemptedUsers: EXEMPT });
    expect((await admin.delete('/admin-mfa-settings')).status).toBe(204);
    expect((await admin.get('/admin-mfa-settings')).body).toEqual(OFF);
  });

  it.each([
    [{ providerId: 'x' }, ['providerId', 'must be a UUID']],
    [{ providerId: 5 }, ['providerId', 'must be a string']],
    [{ providerId: '11111111-1111-4111-8111-111111111111' }, ['providerId', 'does not exist']],
    [{ providerId: FIDO2_PROVIDER }, ['providerId', 'is not applicable']],
    [{ exemptedUsers: 'CN=a,OU=local' }, ['exemptedUsers', 'must be an array']],
    [{ exemptedUsers: ['CN=a,OU=local', 'admin'] }, ['exemptedUsers[1]', 'must be a distinguished name']],
    [{ exemptedUsers: [null] }, ['exemptedUsers[0]', 'may not be null']],
  ])('refuses %j', async (settings, problem) => {
    const { status, body } = await admin.put('/admin-mfa-settings', settings);
    expect([status, body]).toEqual([422, notValid(...problem)]);
    expect((await admin.get('/admin-mfa-settings')).body).toEqual(OFF);
  });

  it('S53 counts from the next request on, for tokens that exist too', async () => {
    const other = await server.userWith('other', [
      { type: 'View', target: 'LocalUser', scope: { all: true } },
    ]);
    expect((await other.get('/local-users')).status).toBe(200);
    await admin.put('/admin-mfa-settings', { providerId: OTP_PROVIDER, exemptedUsers: EXEMPT });
    expect((await other.get('/local-users')).status).toBe(403);
    expect((await other.get('/authorization')).body).toEqual(factorOwed('other'));
    await admin.put('/admin-mfa-settings', {
      providerId: OTP_PROVIDER,
      exemptedUsers: [...EXEMPT, 'CN=OTHER,OU=LOCAL'],
    });
    expect((await other.get('/local-users')).status).toBe(200);
  });

  it('S53 a name exempted beforehand counts only if its maker may exempt', async () => {
    const maker = await server.userWith('maker', [{ type: 'Create', target: 'LocalUser' }]);
    await admin.put('/admin-mfa-settings', {
      providerId: OTP_PROVIDER,
      exemptedUsers: [...EXEMPT, 'CN=maker,OU=local', 'CN=foreseen,OU=local', 'CN=foreseen too,OU=local'],
    });
    const user = { firstName: 'F', lastName: 'L', password: PASSWORD };
    expect((await maker.post('/local-users', { ...user, name: 'Foreseen' })).status).toBe(200);
    expect((await admin.post('/local-users', { ...user, name: 'Foreseen too' })).status).toBe(200);
    expect((await server.authenticate('foreseen')).body.user.needTwoFactorAuth).toBe(true);
    expect((await server.authenticate('foreseen too')).body.user.needTwoFactorAuth).toBe(false);
  });
});
