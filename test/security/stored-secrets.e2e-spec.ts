import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { dump } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { Stage } from '../support/stage.js';

let stage: Stage;
let admin: AppgateClient;
beforeAll(async () => {
  stage = await Stage.open(1);
  admin = await stage.administrator();
});
afterAll(() => stage.close());

const planted: string[] = [];

/** A secret that is looked for afterwards. */
function plant(): string {
  const secret = `planted-orbit-velvet-${planted.length}-93`;
  planted.push(secret);
  return secret;
}

const HOSTS = { hostnames: ['idp.example.com'] };
const URLS = { issuer: 'https://idp.example.com', audience: 'a' };
const LDAP = { ...HOSTS, port: 636, adminDistinguishedName: 'cn=admin' };
const PEM = '-----BEGIN CERTIFICATE-----';

/** Objects with secrets: where, of what type, with what else, and the fields the secrets are in. */
const OBJECTS: [path: string, fields: object, secrets: () => object][] = [
  ['local-users', { firstName: 'F', lastName: 'L' }, () => ({ password: plant() })],
  ['service-users', {}, () => ({ password: plant() })],
  [
    'mfa-providers',
    { type: 'Radius', ...HOSTS, port: 1812 },
    () => ({ sharedSecret: plant(), challengeSharedSecret: plant() }),
  ],
  ['identity-providers', { type: 'Radius', ...HOSTS }, () => ({ sharedSecret: plant() })],
  ['identity-providers', { type: 'Ldap', ...LDAP }, () => ({ adminPassword: plant() })],
  [
    'identity-providers',
    { type: 'LdapCertificate', ...LDAP, caCertificates: [PEM] },
    () => ({ adminPassword: plant() }),
  ],
  [
    'identity-providers',
    { type: 'Saml', ...URLS, redirectUrl: 'https://idp.example.com/saml', providerCertificate: PEM },
    () => ({ decryptionKey: plant() }),
  ],
  ['identity-providers', { type: 'Oidc', ...URLS }, () => ({ google: { clientSecret: plant() } })],
];

const SETTINGS = {
  claimsTokenExpiration: 1440,
  administrationTokenExpiration: 720,
  entitlementTokenExpiration: 180,
  vpnCertificateExpiration: 525_600,
  auditLogPersistenceMode: 'Default',
};

/** How the bytes of a text may stand in a dump. */
function spellings(secret: string): string[] {
  const bytes = Buffer.from(secret);
  return [
    secret,
    bytes.toString('hex'),
    bytes.toString('base64').replace(/=+$/, ''),
    bytes.toString('base64url'),
  ];
}

it('S69 a secret given to /admin is in no answer and, other than sealed or hashed, in no table', async () => {
  const answers: string[] = [];
  for (const [index, [path, fields, secrets]] of OBJECTS.entries()) {
    const values = { name: `keeper-${index}`, ...fields };
    const made = await expecting(200, admin.post(`/${path}`, { ...values, ...secrets() }));
    const at = `/${path}/${made.body.id}`;
    const changed = await expecting(200, admin.put(at, { ...values, ...secrets() }));
    const found = [await expecting(200, admin.get(at)), await expecting(200, admin.get(`/${path}`))];
    answers.push(...[made, changed, ...found].map(({ text }) => text));
  }
  await expecting(204, admin.put('/global-settings', { ...SETTINGS, backupPassphrase: plant() }));
  answers.push((await expecting(200, admin.get('/global-settings'))).text);
  const everything = [...answers, ...(await dump(stage.first.database)).values()].join('\n').toLowerCase();
  expect(planted).toHaveLength(19);
  for (const secret of planted)
    for (const spelling of spellings(secret))
      expect([spelling, everything.includes(spelling.toLowerCase())]).toEqual([spelling, false]);
});

it('S65 a secret that is not given again stays, and one that is given replaces it', async () => {
  const fields = { name: 'steady', type: 'Radius', ...HOSTS, port: 1812 };
  const secrets = { sharedSecret: plant(), challengeSharedSecret: plant() };
  const { body } = await expecting(200, admin.post('/mfa-providers', { ...fields, ...secrets }));
  const columns = 'sealed_shared_secret AS shared, sealed_challenge_secret AS challenge';
  const sealed = async () =>
    (await stage.rows(`SELECT ${columns} FROM mfa_methods WHERE id = $1`, [body.id]))[0]!;
  const first = await sealed();
  await expecting(200, admin.put(`/mfa-providers/${body.id}`, { ...fields, port: 1813 }));
  expect(await sealed()).toEqual(first);
  await expecting(200, admin.put(`/mfa-providers/${body.id}`, { ...fields, sharedSecret: plant() }));
  const second = await sealed();
  expect(second['shared']).not.toEqual(first['shared']);
  expect(second['challenge']).toEqual(first['challenge']);
});
