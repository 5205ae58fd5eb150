import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { FORBIDDEN, notValid } from './error-bodies.js';
import { withServer } from './scene.js';

const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});

const REQUIRED = {
  claimsTokenExpiration: 1440,
  administrationTokenExpiration: 720,
  entitlementTokenExpiration: 180,
  vpnCertificateExpiration: 525_600,
  auditLogPersistenceMode: 'Default',
};
const DEFAULTS = {
  ...REQUIRED,
  registeredDeviceExpirationDays: 90,
  spaMode: 'TCP',
  spaTimeWindowSeconds: 600,
  backupApiEnabled: false,
  geoIpUpdates: false,
  geoIpSettings: { updates: 'Disabled' },
  collectiveName: 'Sallyport',
  collectiveId: expect.stringMatching(/^[0-9a-f-]{36}$/),
};

describe('/global-settings', () => {
  it('answers the defaults of a new installation', async () => {
    const { status, body } = await admin.get('/global-settings');
    expect(status).toBe(200);
    expect(body).toEqual(DEFAULTS);
  });

  it('takes back what it answered, as the Terraform provider does, and keeps the collective id', async () => {
    const before = (await admin.get('/global-settings')).body;
    const change = {
      ...before,
      collectiveId: '00000000-0000-4000-8000-000000000000',
      messageOfTheDay: 'Hi',
      spaMode: 'UDP-TCP',
    };
    const { status, text } = await admin.put('/global-settings', change);
    expect([status, text]).toEqual([204, '']);
    const after = (await admin.get('/global-settings')).body;
    expect(after).toEqual({ ...before, messageOfTheDay: 'Hi', spaMode: 'UDP-TCP' });
  });

  it('puts absent, null and empty fields back to their defaults', async () => {
    await admin.put('/global-settings', {
      ...REQUIRED,
      collectiveName: 'Ours',
      profileHostname: 'p.example.com',
      geoIpUpdates: true,
    });
    expect((await admin.get('/global-settings')).body).toEqual({
      ...DEFAULTS,
      collectiveName: 'Ours',
      profileHostname: 'p.example.com',
      geoIpUpdates: true,
      geoIpSettings: { updates: 'Default' },
    });
    await admin.put('/global-settings', {
      ...REQUIRED,
      collectiveName: '',
      profileHostname: '',
      loginBannerMessage: '',
      messageOfTheDay: null,
    });
    expect((await admin.get('/global-settings')).body).toEqual(DEFAULTS);
  });

  it.each([
    [{ geoIpSettings: { updates: 'Default' } }, true, 'Default'],
    [{ geoIpUpdates: true, geoIpSettings: { updates: 'Disabled' } }, false, 'Disabled'],
    [{ geoIpSettings: { updates: 'Weekly' } }, false, 'Weekly'],
    [{ geoIpUpdates: true, geoIpSettings: {} }, true, 'Default'],
  ])('lets geoIpSettings win over geoIpUpdates (%#)', async (sent, geoIpUpdates, updates) => {
    await admin.put('/global-settings', { ...REQUIRED, ...sent });
    expect((await admin.get('/global-settings')).body).toMatchObject({
      geoIpUpdates,
      geoIpSettings: { updates },
    });
  });

  it.each([
    [{ claimsTokenExpiration: null }, ['claimsTokenExpiration', 'may not be null']],
    [
      { administrationTokenExpiration: 1441 },
      ['administrationTokenExpiration', 'must be between 1 and 1440'],
    ],
    [{ administrationTokenExpiration: '60' }, ['administrationTokenExpiration', 'must be a number']],
    [
      { auditLogPersistenceMode: 'Fast' },
      ['auditLogPersistenceMode', 'must be one of [Default, Guaranteed, Performance]'],
    ],
    [{ registeredDeviceExpirationDays: 0 }, ['registeredDeviceExpirationDays', 'must be between 1 and 3650']],
    [{ spaMode: 'UDP' }, ['spaMode', 'must be one of [TCP, UDP-TCP]']],
    [{ loginBannerMessage: 'a'.repeat(4097) }, ['loginBannerMessage', 'must be at most 4096 characters']],
    [{ messageOfTheDay: 'a\u0000' }, ['messageOfTheDay', 'contains invalid characters']],
    [{ geoIpSettings: 'Default' }, ['geoIpSettings', 'must be an object']],
    [{ geoIpSettings: { updates: 1 } }, ['geoIpSettings.updates', 'must be a string']],
    [{ backupPassphrase: '' }, ['backupPassphrase', 'may not be empty']],
  ])('S81 refuses a wrong value and changes nothing (%#)', async (extra, problems) => {
    const before = (await admin.get('/global-settings')).body;
    const { status, body } = await admin.put('/global-settings', {
      ...REQUIRED,
      spaTimeWindowSeconds: 7,
      ...extra,
    });
    expect([status, body]).toEqual([422, notValid(...problems)]);
    expect((await admin.get('/global-settings')).body).toEqual(before);
  });

  it('S65 keeps the backup passphrase sealed, never answers it, and keeps it until DELETE', async () => {
    const stored = async () =>
      (
        await server.rows<{ sealed: Buffer | null }>(
          'SELECT sealed_backup_passphrase AS sealed FROM global_settings',
        )
      )[0]!.sealed;
    await admin.put('/global-settings', { ...REQUIRED, backupPassphrase: 'harbour lights' });
    const sealed = await stored();
    expect(sealed!.toString('latin1')).not.toContain('harbour');
    await admin.put('/global-settings', REQUIRED);
    expect(await stored()).toEqual(sealed);
    expect((await admin.get('/global-settings')).text).not.toMatch(/passphrase/i);
    expect((await admin.delete('/global-settings')).status).toBe(204);
    expect(await stored()).toBeNull();
    expect((await admin.get('/global-settings')).body).toEqual(DEFAULTS);
  });

  it('S44 asks for View, Edit and Delete on GlobalSetting', async () => {
    const viewer = await server.userWith('settings-viewer', [{ type: 'View', target: 'GlobalSetting' }]);
    expect((await viewer.get('/global-settings')).status).toBe(200);
    expect((await viewer.put('/global-settings', REQUIRED)).body).toEqual(FORBIDDEN);
    expect((await viewer.delete('/global-settings')).body).toEqual(FORBIDDEN);
  });

  it('S72 writes an event for each change', async () => {
    const rows = await server.rows(
      `SELECT DISTINCT action, actor_name FROM audit_events WHERE object_type = 'global-settings' ORDER BY 1`,
    );
    expect(rows).toEqual([
      { action: 'settings.changed', actor_name: 'admin' },
      { action: 'settings.reset', actor_name: 'admin' },
    ]);
  });
});

describe('what the settings do', () => {
  it('shows the banner before signing in, and omits it when unset', async () => {
    await admin.put('/global-settings', { ...REQUIRED, loginBannerMessage: 'Authorized use only' });
    expect((await server.client.get('/identity-providers/names')).body.bannerMessage).toBe(
      'Authorized use only',
    );
    await admin.delete('/global-settings');
    expect(Object.keys((await server.client.get('/identity-providers/names')).body)).toEqual(['data']);
  });

  it('shows the message of the day in final answers only', async () => {
    await admin.put('/global-settings', { ...REQUIRED, messageOfTheDay: 'Welcome' });
    const partial = await server.authenticate();
    expect(partial.body).not.toHaveProperty('messageOfTheDay');
    const holder = server.client.with(partial.body.token);
    expect((await holder.get('/authorization')).body.messageOfTheDay).toBe('Welcome');
    expect((await admin.get('/authorization')).body.messageOfTheDay).toBe('Welcome');
    expect((await server.client.post('/login', server.credentials())).body.messageOfTheDay).toBe('Welcome');
    await admin.delete('/global-settings');
    expect((await admin.get('/authorization')).body).not.toHaveProperty('messageOfTheDay');
  });

  it('gives a session the life that is set at its first call', async () => {
    await admin.put('/global-settings', { ...REQUIRED, administrationTokenExpiration: 5 });
    const { body } = await server.authenticate();
    const end = new Date(body.expires).getTime();
    expect(end - server.sallyport.clock.now().getTime()).toBe(300_000);
    await admin.put('/global-settings', REQUIRED);
    const final = (await server.client.with(body.token).get('/authorization')).body;
    expect(final.expires).toBe(body.expires);
    const login = (await server.client.post('/login', server.credentials())).body;
    expect(new Date(login.expires).getTime() - server.sallyport.clock.now().getTime()).toBe(43_200_000);
    server.advance(301);
    expect((await server.client.with(final.token).get('/global-settings')).status).toBe(401);
    expect((await server.client.with(login.token).get('/global-settings')).status).toBe(200);
  });
});
