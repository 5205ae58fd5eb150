import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { FORBIDDEN, NO_TOKEN, NOT_FOUND, notValid, WRONG_PASSWORD } from './error-bodies.js';
import { PASSWORD, withServer } from './scene.js';
import { VaultClient } from '../support/vault-client.js';

const server = withServer();
const ALL = [{ type: 'All', target: 'All', scope: { all: true } }];
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});
const list = (userDistinguishedName: string, extra: object = {}) =>
  admin.post('/blacklist', { userDistinguishedName, ...extra });
const dns = async (path = '/blacklist') =>
  (await admin.get(path)).body.data.map((entry: any) => entry.userDistinguishedName);

describe('/blacklist', () => {
  it('lists a user that need not exist, in the spelling that was given', async () => {
    const { status, body } = await list('cn=TestUser,ou=Local', { reason: 'left' });
    expect(status).toBe(200);
    expect(body).toEqual({
      userDistinguishedName: 'CN=TestUser,OU=Local',
      username: 'TestUser',
      providerName: 'Local',
      reason: 'left',
      blacklistedAt: expect.stringMatching(/Z$/),
    });
    expect((await admin.get('/blacklist')).body).toEqual({
      data: [body],
      range: '0-1/1',
      orderBy: 'username',
      descending: false,
      queries: [],
      totalCount: 1,
      filterBy: [],
    });
  });

  it('replaces the reason of a name that is listed in any spelling', async () => {
    const before = (await admin.get('/blacklist')).body.data[0];
    server.advance(5);
    expect((await list('CN=TESTUSER,OU=LOCAL', { reason: 'other' })).body).toEqual({
      ...before,
      reason: 'other',
    });
    const { reason: _, ...bare } = before;
    expect(
      (await list('CN=testuser,OU=local', { username: 'TestUser', providerName: 'LOCAL' })).body,
    ).toEqual(bare);
    expect(await dns()).toEqual(['CN=TestUser,OU=Local']);
  });

  it('finds by DN, and is read whole without a range', async () => {
    await list("CN=Jürgen O'Neil+x,OU=ldap");
    await list('CN=amy,OU=ldap');
    expect(await dns()).toEqual(['CN=amy,OU=ldap', "CN=Jürgen O'Neil+x,OU=ldap", 'CN=TestUser,OU=Local']);
    expect(await dns('/blacklist?query=OU%3DLDAP&range=0-0')).toEqual(['CN=amy,OU=ldap']);
    expect(await dns('/blacklist?providerName=loc')).toEqual(['CN=TestUser,OU=Local']);
  });

  it('is left by DN in any spelling, once', async () => {
    const path = `/blacklist/${encodeURIComponent("cn=JÜRGEN O'Neil+X,ou=LDAP")}`;
    expect((await admin.delete(path)).status).toBe(204);
    expect((await admin.delete(path)).body).toEqual(NOT_FOUND);
    expect((await admin.delete('/blacklist/nonsense')).body).toEqual(NOT_FOUND);
  });

  it.each([
    [{}, ['userDistinguishedName', 'may not be null']],
    [{ userDistinguishedName: '' }, ['userDistinguishedName', 'may not be empty']],
    [{ userDistinguishedName: 'jane' }, ['userDistinguishedName', 'must be a distinguished name']],
    [{ userDistinguishedName: 'CN=a,CN=b,OU=c' }, ['userDistinguishedName', 'must be a distinguished name']],
    [{ userDistinguishedName: 'CN=a,OU=b', username: 'c' }, ['username', 'is not applicable']],
    [{ userDistinguishedName: 'CN=a,OU=b', providerName: 'c' }, ['providerName', 'is not applicable']],
    [
      { userDistinguishedName: 'CN=a,OU=b', username: 'c', providerName: 'd' },
      ['username', 'is not applicable', 'providerName', 'is not applicable'],
    ],
    [{ userDistinguishedName: 'CN=a,OU=b', reason: 5 }, ['reason', 'must be a string']],
  ])('S81 refuses a wrong value (%#)', async (body, problems) => {
    const answer = await admin.post('/blacklist', body);
    expect([answer.status, answer.body]).toEqual([422, notValid(...problems)]);
  });
});

describe('a blacklisted user', () => {
  it('S39 loses every token at once and cannot sign in, in either dialect, as with a wrong password', async () => {
    const root = new VaultClient(server.sallyport.url, server.sallyport.rootToken);
    await root.write('sys/auth/userpass', { type: 'userpass' });
    await server.plantUser('mallory', ALL);
    const final = await server.final('mallory');
    const partial = await server.partial('mallory');
    const vault = new VaultClient(server.sallyport.url);
    const service = (await vault.logIn('mallory', PASSWORD)).body.auth.client_token;
    const pass = `${service}`;
    expect((await vault.with(pass).read('auth/token/lookup-self')).status).toBe(200);

    await list('CN=MALLORY,OU=local');
    expect((await final.get('/global-settings')).body).toEqual(NO_TOKEN);
    expect((await partial.get('/authorization')).body).toEqual(NO_TOKEN);
    expect((await vault.with(pass).read('auth/token/lookup-self')).status).toBe(403);
    for (const path of ['/authentication', '/login']) {
      const { status, body } = await server.client.post(path, server.credentials('mallory'));
      expect([status, body]).toEqual([401, WRONG_PASSWORD]);
    }
    const refused = await vault.logIn('mallory', PASSWORD);
    const wrong = await vault.logIn('nobody-of-that-name', PASSWORD);
    expect([refused.status, refused.body]).toEqual([wrong.status, wrong.body]);

    expect((await admin.delete('/blacklist/CN=mallory,OU=local')).status).toBe(204);
    expect((await final.get('/global-settings')).status).toBe(401);
    expect((await (await server.final('mallory')).get('/global-settings')).status).toBe(200);
  });

  it('is refused from the first sign-in where the entry was there before the user', async () => {
    await list('CN=eve,OU=local');
    await server.plantUser('eve', ALL);
    expect((await server.client.post('/login', server.credentials('eve'))).body).toEqual(WRONG_PASSWORD);
  });

  it('S50 may not be the last full administrator', async () => {
    await list('CN=mallory,OU=local');
    const { status, body } = await list('CN=admin,OU=local');
    expect([status, body]).toEqual([
      422,
      notValid('userDistinguishedName', 'must leave a full administrator'),
    ]);
    expect((await admin.get('/global-settings')).status).toBe(200);
    expect(await dns('/blacklist?query=admin')).toEqual([]);
  });
});

describe('S45 scopes are by the identity provider', () => {
  it('shows, takes and removes nothing out of reach', async () => {
    const [{ id }] = (await server.rows<{ id: string }>(
      `SELECT id FROM identity_providers WHERE name = 'local'`,
    )) as [{ id: string }];
    const scoped = (ids: string[]) =>
      ['View', 'Create', 'Delete'].map((type) => ({ type, target: 'Blacklist', scope: { ids } }));
    const inside = await server.userWith('inside', scoped([id]));
    const outside = await server.userWith('outside', scoped(['11111111-2222-4333-8444-555555555555']));
    expect((await outside.get('/blacklist')).body).toMatchObject({ data: [], totalCount: 0 });
    expect((await outside.post('/blacklist', { userDistinguishedName: 'CN=x,OU=local' })).body).toEqual(
      FORBIDDEN,
    );
    expect((await outside.delete('/blacklist/CN=eve,OU=local')).body).toEqual(FORBIDDEN);
    expect((await inside.get('/blacklist?query=ou%3Dldap')).body).toMatchObject({ data: [], totalCount: 3 });
    expect((await inside.post('/blacklist', { userDistinguishedName: 'CN=x,OU=local' })).status).toBe(200);
    expect((await inside.post('/blacklist', { userDistinguishedName: 'CN=x,OU=nowhere' })).body).toEqual(
      FORBIDDEN,
    );
    expect((await inside.delete('/blacklist/CN=x,OU=local')).status).toBe(204);
  });
});
