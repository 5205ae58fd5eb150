import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { BUILT_IN, CONFLICT, FORBIDDEN, NOT_FOUND, notValid, WRONG_PASSWORD } from './error-bodies.js';
import { OTP_PROVIDER, PASSWORD, withServer } from './scene.js';

const ID = '3f2b7c1e-8d4a-4a6b-9c5d-0e1f2a3b4c5d';
const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});

const SPECIFIC: Record<string, object> = {
  Radius: { hostnames: ['radius.example.com'], sharedSecret: 'shared by both' },
  Ldap: {
    hostnames: ['ldap.example.com'],
    port: 636,
    adminDistinguishedName: 'cn=admin,dc=example',
    adminPassword: 'the password',
  },
  LdapCertificate: {
    hostnames: ['ldap.example.com'],
    port: 636,
    adminDistinguishedName: 'cn=admin,dc=example',
    adminPassword: 'the password',
    caCertificates: ['-----BEGIN CERTIFICATE-----'],
  },
  Saml: {
    redirectUrl: 'https://idp.example.com/saml',
    issuer: 'https://idp.example.com',
    audience: 'us',
    providerCertificate: 'PEM',
    decryptionKey: 'the key',
  },
  Oidc: {
    issuer: 'https://idp.example.com',
    audience: 'us',
    google: { enabled: true, clientSecret: 'the secret' },
  },
};
const fields = (type: string, name: string, extra: object = {}) => ({
  type,
  name,
  ...SPECIFIC[type],
  ...extra,
});
const create = async (type: string, name: string, extra: object = {}) => {
  const { status, body, text } = await admin.post('/identity-providers', fields(type, name, extra));
  if (status !== 200) throw new Error(text);
  return body;
};
const builtIn = async (name: string) =>
  (await admin.get(`/identity-providers?query=${name}&orderBy=name&range=0-25`)).body.data[0];
const NETWORK = {
  adminProvider: false,
  deviceLimitPerUser: 100,
  inactivityTimeoutMinutes: 0,
  networkInactivityTimeoutEnabled: false,
  enforceWindowsNetworkProfileAsDomain: false,
  blockLocalDnsRequests: false,
  dnsServers: [],
  dnsSearchDomains: [],
  onDemandClaimMappings: [],
};
const LDAP_CLAIMS = [
  ['givenName', 'firstName', false],
  ['mail', 'emails', true],
  ['memberOf', 'groups', true],
  ['objectGUID', 'userId', false],
  ['sAMAccountName', 'username', false],
  ['sn', 'lastName', false],
].map(([attributeName, claimName, list]) => ({ attributeName, claimName, list, encrypt: false }));

describe('built-in providers', () => {
  it('answers local whole', async () => {
    expect(await builtIn('local')).toEqual({
      id: expect.any(String),
      name: 'local',
      notes: 'Built-in Identity Provider on local database.',
      tags: ['builtin'],
      created: expect.any(String),
      updated: expect.any(String),
      type: 'LocalDatabase',
      ...NETWORK,
      adminProvider: true,
      userLockoutThreshold: 5,
      userLockoutDurationMinutes: 1,
      minPasswordLength: 8,
      userScripts: [],
      claimMappings: ['email', 'firstName', 'id', 'lastName', 'phone', 'tags', 'username'].map(
        (attributeName) => ({
          attributeName,
          claimName: attributeName === 'email' ? 'emails' : attributeName,
          list: ['email', 'tags'].includes(attributeName),
          encrypt: false,
        }),
      ),
    });
  });

  it('answers Connector and service with the fields of their types', async () => {
    expect(Object.keys(await builtIn('Connector'))).toEqual([
      'id',
      'name',
      'notes',
      'tags',
      'created',
      'updated',
      'type',
      'userScripts',
      'claimMappings',
    ]);
    expect(await builtIn('service')).toMatchObject({
      type: 'ServiceDatabase',
      deviceLimitPerUser: 100,
      dnsServers: [],
      minPasswordLength: 8,
    });
    expect(await builtIn('service')).not.toHaveProperty('adminProvider');
  });

  it('takes back what it answered, as the Terraform provider does', async () => {
    for (const name of ['local', 'Connector', 'service']) {
      const before = await builtIn(name);
      const { status, body } = await admin.put(`/identity-providers/${before.id}`, before);
      expect([status, body]).toEqual([200, { ...before, updated: expect.any(String) }]);
    }
  });

  it('cannot be deleted, renamed, retyped, or taken from the administrators', async () => {
    const local = await builtIn('local');
    const path = `/identity-providers/${local.id}`;
    expect((await admin.delete(path)).body).toEqual(BUILT_IN);
    expect((await admin.put(path, { ...local, name: 'Local' })).body).toEqual(
      notValid('name', 'may not be changed'),
    );
    expect((await admin.put(path, { ...local, type: 'Connector' })).body).toEqual(
      notValid('type', 'may not be changed'),
    );
    expect((await admin.put(path, { ...local, adminProvider: false })).body).toEqual(
      notValid('adminProvider', 'may not be changed'),
    );
    const { adminProvider: _, ...rest } = local;
    expect((await admin.put(path, rest)).body.adminProvider).toBe(true);
  });

  it('lets minPasswordLength of local count at once', async () => {
    const local = await builtIn('local');
    await admin.put(`/identity-providers/${local.id}`, { ...local, minPasswordLength: 30 });
    const refused = await admin.post('/local-users', {
      name: 'u',
      firstName: 'F',
      lastName: 'L',
      password: PASSWORD,
    });
    expect(refused.body).toEqual(notValid('password', 'must be at least 30 characters'));
    await admin.put(`/identity-providers/${local.id}`, local);
  });

  it('lets claimMappings of local decide who matches, and keeps a full administrator (S50)', async () => {
    const local = await builtIn('local');
    const path = `/identity-providers/${local.id}`;
    expect((await admin.put(path, { ...local, claimMappings: [] })).body).toEqual(
      notValid('claimMappings', 'must leave a full administrator'),
    );
    expect((await builtIn('local')).claimMappings).toEqual(local.claimMappings);
  });

  it('S49 leaves what gives claims to full administrators', async () => {
    const local = await builtIn('local');
    const path = `/identity-providers/${local.id}`;
    const editor = await server.userWith(
      'provider-editor',
      ['View', 'Edit'].map((type) => ({ type, target: 'IdentityProvider', scope: { all: true } })),
    );
    expect((await editor.put(path, { ...local, notes: 'mine' })).status).toBe(200);
    const claimMappings = [...local.claimMappings, { attributeName: 'firstName', claimName: 'groups' }];
    expect((await editor.put(path, { ...local, notes: 'mine', claimMappings })).body).toEqual(FORBIDDEN);
    expect((await admin.put(path, { ...local, claimMappings })).status).toBe(200);
    expect((await admin.put(path, local)).status).toBe(200);
  });
});

describe('further providers', () => {
  it.each(Object.keys(SPECIFIC))(
    'keeps and echoes a provider of type %s with its defaults, never a secret',
    async (type) => {
      const body = await create(type, `new-${type}`);
      expect(JSON.stringify(body)).not.toMatch(
        /the (key|secret|password)|shared by both|sharedSecret|adminPassword|decryptionKey|clientSecret/,
      );
      const {
        sharedSecret: _,
        adminPassword: __,
        decryptionKey: ___,
        google: ____,
        ...shown
      } = SPECIFIC[type] as any;
      expect(body).toMatchObject({
        name: `new-${type}`,
        type,
        ...NETWORK,
        ...shown,
        userScripts: [],
        notes: '',
        tags: [],
      });
      expect((await admin.get(`/identity-providers/${body.id}`)).body).toEqual(body);
      const put = await admin.put(`/identity-providers/${body.id}`, body);
      expect([put.status, put.body]).toEqual([200, { ...body, updated: expect.any(String) }]);
    },
  );

  it('fills the defaults of each type', async () => {
    expect(await builtIn('new-Radius')).toMatchObject({
      port: 1812,
      authenticationProtocol: 'CHAP',
      claimMappings: [],
    });
    expect(await builtIn('new-Ldap')).toMatchObject({
      sslEnabled: false,
      usernameAttribute: 'sAMAccountName',
      membershipFilter: '(objectCategory=group)',
      passwordWarning: { enabled: false, thresholdDays: 5 },
      claimMappings: LDAP_CLAIMS,
    });
    expect(await builtIn('new-LdapCertificate')).toMatchObject({
      certificateUserAttribute: 'userPrincipalName',
      certificatePriorities: [],
      claimMappings: LDAP_CLAIMS,
    });
    expect(await builtIn('new-Saml')).toMatchObject({ forceAuthn: false });
    expect(await builtIn('new-Oidc')).toMatchObject({
      scope: 'openid profile email offline_access',
      google: { enabled: true, refreshToken: false },
    });
  });

  it('keeps an id the client chose and an explicit empty list of claims', async () => {
    expect(await create('Ldap', 'chosen', { id: ID, claimMappings: [] })).toMatchObject({
      id: ID,
      claimMappings: [],
    });
    expect((await admin.post('/identity-providers', fields('Ldap', 'other', { id: ID }))).body).toEqual(
      CONFLICT,
    );
    expect((await admin.post('/identity-providers', fields('Ldap', 'CHOSEN'))).body).toEqual(CONFLICT);
    expect((await admin.delete(`/identity-providers/${ID}`)).status).toBe(204);
    expect((await admin.get(`/identity-providers/${ID}`)).body).toEqual(NOT_FOUND);
  });

  it('S65 seals the secret and keeps it on a PUT without one, or with an empty sharedSecret', async () => {
    const { id, ...rest } = await create('Radius', 'sealed');
    const sealed = async () =>
      (
        await server.rows<{ s: Buffer }>('SELECT sealed_secret AS s FROM identity_providers WHERE id = $1', [
          id,
        ])
      )[0]!.s;
    const before = await sealed();
    expect(before.toString('latin1')).not.toContain('shared by both');
    const rows = await server.rows('SELECT settings FROM identity_providers WHERE id = $1', [id]);
    expect(JSON.stringify(rows)).not.toContain('shared by both');
    await admin.put(`/identity-providers/${id}`, { ...rest, sharedSecret: '' });
    expect(await sealed()).toEqual(before);
    await admin.put(`/identity-providers/${id}`, { ...rest, sharedSecret: 'another one' });
    expect(await sealed()).not.toEqual(before);
  });

  it('takes an onBoarding2FA block without a provider for absent, and checks one with', async () => {
    expect(
      await create('Ldap', 'block', { onBoarding2FA: { mfaProviderId: '', message: '' } }),
    ).not.toHaveProperty('onBoarding2FA');
    expect(
      (await create('Ldap', 'block2', { onBoarding2FA: { mfaProviderId: OTP_PROVIDER } })).onBoarding2FA,
    ).toEqual({
      mfaProviderId: OTP_PROVIDER,
      claimSuffix: 'onBoarding',
      alwaysRequired: false,
    });
    const block = { mfaProviderId: OTP_PROVIDER, claimSuffix: '', message: '' };
    const passwordWarning = { enabled: true, message: '' };
    const emptied = await create('Ldap', 'block4', { onBoarding2FA: block, passwordWarning });
    expect(emptied.onBoarding2FA).toEqual({
      mfaProviderId: OTP_PROVIDER,
      claimSuffix: 'onBoarding',
      alwaysRequired: false,
    });
    expect(emptied.passwordWarning).toEqual({ enabled: true, thresholdDays: 5 });
    const post = (extra: object) => admin.post('/identity-providers', fields('Ldap', 'block3', extra));
    expect((await post({ onBoarding2FA: { mfaProviderId: ID } })).body).toEqual(
      notValid('onBoarding2FA.mfaProviderId', 'does not exist'),
    );
    expect((await post({ onBoarding2FA: {} })).body).toEqual(
      notValid('onBoarding2FA.mfaProviderId', 'may not be null'),
    );
    expect((await post({ userScripts: [ID] })).body).toEqual(notValid('userScripts[0]', 'does not exist'));
  });

  it('keeps an MFA provider that onBoarding2FA names from being deleted', async () => {
    const made = await admin.post('/mfa-providers', {
      name: 'named',
      type: 'Radius',
      hostnames: ['r'],
      port: 1812,
      sharedSecret: 's',
      useUserPassword: true,
    });
    const { id } = await create('Saml', 'naming', { onBoarding2FA: { mfaProviderId: made.body.id } });
    expect((await admin.delete(`/mfa-providers/${made.body.id}`)).body).toEqual({
      id: 'conflict',
      message: 'The object is in use.',
    });
    await admin.delete(`/identity-providers/${id}`);
    expect((await admin.delete(`/mfa-providers/${made.body.id}`)).status).toBe(204);
  });

  it.each([
    ['LocalDatabase', {}, ['type', 'must be one of [Ldap, LdapCertificate, Radius, Saml, Oidc]']],
    ['Nothing', {}, ['type', 'must be one of [Ldap, LdapCertificate, Radius, Saml, Oidc]']],
    ['constructor', {}, ['type', 'must be one of [Ldap, LdapCertificate, Radius, Saml, Oidc]']],
    ['Ldap', { type: null }, ['type', 'may not be null']],
    ['Ldap', { type: 5 }, ['type', 'must be a string']],
    ['Ldap', { name: 'a,b' }, ['name', 'contains invalid characters']],
    ['Ldap', { adminPassword: null }, ['adminPassword', 'may not be null']],
    ['Ldap', { hostnames: [] }, ['hostnames', 'may not be empty']],
    ['Ldap', { port: 70_000 }, ['port', 'must be between 1 and 65535']],
    ['Ldap', { claimMappings: [{ attributeName: 'a' }] }, ['claimMappings[0].claimName', 'may not be null']],
    ['Ldap', { adminProvider: 'yes' }, ['adminProvider', 'must be a boolean']],
    ['Radius', { sharedSecret: '' }, ['sharedSecret', 'may not be null']],
    ['Radius', { authenticationProtocol: 'EAP' }, ['authenticationProtocol', 'must be one of [PAP, CHAP]']],
    ['Saml', { redirectUrl: null }, ['redirectUrl', 'may not be null']],
    ['Oidc', { google: 5 }, ['google', 'must be an object']],
    [
      'LdapCertificate',
      { certificatePriorities: [{ type: 'X', value: 'v' }] },
      ['certificatePriorities[0].type', 'must be one of [Template, Issuer]'],
    ],
    [
      'Saml',
      { onDemandClaimMappings: [{ command: 'fileSize', claimName: 'c', platform: 'tv' }] },
      ['onDemandClaimMappings[0].platform', expect.stringContaining('desktop.all')],
    ],
  ])('S81 refuses a wrong value (%s %#)', async (type, extra, problems) => {
    const { status, body } = await admin.post('/identity-providers', fields(type, 'refused', extra));
    expect([status, body]).toEqual([422, notValid(...(problems as string[]))]);
  });

  it('shows those for administrators before signing in, and nobody can sign in there', async () => {
    await create('Oidc', 'oidc', { adminProvider: true });
    await create('Saml', 'saml', { adminProvider: true });
    await create('Ldap', 'ldap', { adminProvider: true });
    const { body } = await server.client.get('/identity-providers/names');
    const common = (name: string) => ({ name, displayName: name, certificatePriorities: [] });
    expect(body.data).toEqual([
      { ...common('ldap'), type: 'Credentials' },
      { ...common('local'), type: 'Credentials' },
      { ...common('oidc'), type: 'Oidc', clientId: 'us', scope: 'openid profile email offline_access' },
      { ...common('saml'), type: 'Saml', redirectUrl: 'https://idp.example.com/saml' },
    ]);
    const answer = await server.client.post('/authentication', {
      ...server.credentials('admin'),
      providerName: 'ldap',
    });
    expect([answer.status, answer.body]).toEqual([401, WRONG_PASSWORD]);
  });

  it.each(['/authentication', '/login'])('at %s wants no password where none is taken', async (path) => {
    const own = { deviceId: ID, samlResponse: 'x', idToken: 'y', accessToken: 'z' };
    for (const type of ['Oidc', 'Saml', 'LdapCertificate', 'Ldap', 'Radius'])
      await create(type, `${type} at ${path.slice(1)}`, { adminProvider: type !== 'Saml' });
    const signIn = async (providerName: unknown, extra: object = {}) => {
      const answer = await server.client.post(path, { providerName, ...own, ...extra });
      return [answer.status, answer.body];
    };
    for (const type of ['Oidc', 'Saml', 'LdapCertificate'])
      expect(await signIn(`${type} at ${path.slice(1)}`)).toEqual([401, WRONG_PASSWORD]);
    const missing = ['username', 'may not be null', 'password', 'may not be null'];
    for (const name of [`Ldap at ${path.slice(1)}`, `Radius at ${path.slice(1)}`, 'local', 'nobody knows'])
      expect(await signIn(name)).toEqual([422, notValid(...missing)]);
    const oidc = `Oidc at ${path.slice(1)}`;
    expect(await signIn(oidc, { username: 5 })).toEqual([422, notValid('username', 'must be a string')]);
    expect(await signIn('nobody knows', { deviceId: 'x', username: 'a' })).toEqual([
      422,
      notValid('deviceId', 'must be a UUID', 'password', 'may not be null'),
    ]);
    expect(await signIn(5)).toEqual([422, notValid('providerName', 'must be a string', ...missing)]);
  });

  it('S45 shows only providers in scope', async () => {
    const viewer = await server.userWith('provider-viewer', [
      { type: 'View', target: 'IdentityProvider', scope: { tags: ['builtin'] } },
    ]);
    expect((await viewer.get('/identity-providers')).body.data.map(({ name }: any) => name)).toEqual([
      'Connector',
      'local',
      'service',
    ]);
  });
});

describe('trying a provider out', () => {
  it('tests LocalDatabase only', async () => {
    expect((await admin.post('/identity-providers/test', { type: 'LocalDatabase' })).body).toEqual({
      success: true,
    });
    expect((await admin.post('/identity-providers/test', fields('Ldap', 'x'))).body).toEqual({
      success: false,
      error: true,
      errorMessage: 'Testing this provider type is not supported.',
    });
    expect((await admin.post('/identity-providers/test', {})).body).toEqual(
      notValid('type', 'may not be null'),
    );
  });

  it('says what a user has and what becomes of it', async () => {
    const local = await builtIn('local');
    await server.plantUser('attrs', [], { email: 'a@b.c', tags: ['x', 'y'] });
    const path = `/identity-providers/${local.id}/attributes`;
    const { status, body } = await admin.post(path, { username: 'ATTRS' });
    expect(status).toBe(200);
    expect(body).toEqual({
      rawAttributes: {
        id: [expect.any(String)],
        username: ['attrs'],
        firstName: ['F'],
        lastName: ['L'],
        tags: ['x', 'y'],
        email: ['a@b.c'],
      },
      mappedAttributes: {
        id: expect.any(String),
        username: 'attrs',
        firstName: 'F',
        lastName: 'L',
        tags: 'x,y',
        emails: 'a@b.c',
      },
    });
    expect((await admin.post(path, { username: 'nobody' })).body).toEqual(
      notValid('username', 'does not exist'),
    );
    expect((await admin.post(path, {})).body).toEqual(notValid('username', 'may not be null'));
    const ldap = await builtIn('new-Ldap');
    expect((await admin.post(`/identity-providers/${ldap.id}/attributes`, { username: 'a' })).body).toEqual(
      notValid('id', 'is not applicable'),
    );
    expect((await admin.post(`/identity-providers/${ID}/attributes`, { username: 'a' })).body).toEqual(
      NOT_FOUND,
    );
  });
});
