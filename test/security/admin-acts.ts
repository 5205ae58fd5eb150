import { Database } from '@sallyport/platform';
import { AdminMessagesService } from '@sallyport/privileges';
import { type AppgateClient, DEVICE } from '../support/appgate-client.js';
import { type Answer, expecting } from '../support/send.js';
import { PASSWORD, type Stage } from '../support/stage.js';

/** Prepares an act for a full administrator; what it gives back does it. */
export type AdminAct = (stage: Stage, admin: AppgateClient) => Promise<() => Promise<Answer>>;

export interface CollectionSample {
  /** Beside the name; what PUT takes too. */
  fields: object;
  /** What PUT changes. */
  changed: object;
  /** What POST needs beyond: secrets. */
  asNew?: object;
}

const RADIUS = { type: 'Radius', hostnames: ['radius.example.com'], port: 1812 };
const PRIVILEGES = [{ type: 'View', target: 'LocalUser', scope: { all: true } }];

/** A valid object of each collection. */
export const COLLECTIONS: Record<string, CollectionSample> = {
  'administrative-roles': { fields: { privileges: PRIVILEGES }, changed: { privileges: [] } },
  'criteria-scripts': {
    fields: { expression: 'return true;' },
    changed: { expression: 'return false;' },
  },
  'identity-providers': { fields: RADIUS, changed: { port: 1813 }, asNew: { sharedSecret: PASSWORD } },
  'local-users': {
    fields: { firstName: 'F', lastName: 'L' },
    changed: { firstName: 'G', password: `${PASSWORD} 2` },
    asNew: { password: PASSWORD },
  },
  'mfa-providers': {
    fields: RADIUS,
    changed: { port: 1813 },
    asNew: { sharedSecret: PASSWORD, challengeSharedSecret: `${PASSWORD} 2` },
  },
  policies: {
    fields: { type: 'Admin', expression: 'return false;' },
    changed: { expression: 'return true;' },
  },
  'service-users': {
    fields: { labels: { team: 'ops' } },
    changed: { labels: {} },
    asNew: { password: PASSWORD },
  },
  tags: { fields: { notes: 'N' }, changed: { notes: 'M' } },
  'user-scripts': { fields: { expression: 'return {};' }, changed: { expression: 'return { a: 1 };' } },
};

function collectionActs(
  path: string,
  { fields, changed, asNew }: CollectionSample,
): Record<string, AdminAct> {
  const make = async (admin: AppgateClient, name: string): Promise<string> =>
    (await expecting(200, admin.post(`/${path}`, { name, ...fields, ...asNew }))).body.id;
  return {
    [`POST /admin/${path}`]: async (_, admin) => () =>
      admin.post(`/${path}`, { name: 'made in vain', ...fields, ...asNew }),
    [`PUT /admin/${path}/:id`]: async (_, admin) => {
      const id = await make(admin, 'kept');
      return () => admin.put(`/${path}/${id}`, { name: 'kept', ...fields, ...changed });
    },
    [`DELETE /admin/${path}/:id`]: async (_, admin) => {
      const id = await make(admin, 'doomed');
      return () => admin.delete(`/${path}/${id}`);
    },
  };
}

const SETTINGS = {
  claimsTokenExpiration: 1440,
  administrationTokenExpiration: 720,
  entitlementTokenExpiration: 180,
  vpnCertificateExpiration: 525_600,
  auditLogPersistenceMode: 'Default',
  messageOfTheDay: 'Welcome',
  backupPassphrase: PASSWORD,
};

const OUTCAST = { userDistinguishedName: 'CN=outcast,OU=local', reason: 'left' };
const MESSAGE = 'The link is down.';

async function raiseMessage({ first: { app } }: Stage): Promise<void> {
  const messages = app.get(AdminMessagesService, { strict: false });
  const notice = { level: 'Error', category: 'Connectivity', message: MESSAGE } as const;
  await messages.raise(app.get(Database, { strict: false }), notice);
}

/** `free` signs in, from the one device of these tests, and has begun to once more. */
async function signInFree(stage: Stage): Promise<void> {
  await stage.appgate().final('free', PASSWORD);
  await stage.partial('free');
}

const FREE = 'CN=free,OU=local';

/** One rightful act for every route of the administrators' collections that changes something. */
export const ADMIN_ACTS: Record<string, AdminAct> = {
  ...Object.assign({}, ...Object.entries(COLLECTIONS).map(([path, sample]) => collectionActs(path, sample))),
  'PUT /admin/admin-messages/:id': async (stage, admin) => {
    await raiseMessage(stage);
    const { data } = (await expecting(200, admin.get('/admin-messages/summarize'))).body;
    const { id, message } = data[0].metadata;
    return () => admin.put(`/admin-messages/${id}`, { message, status: 'Resolved' });
  },
  'DELETE /admin/admin-messages': async (stage, admin) => {
    await raiseMessage(stage);
    return () => admin.delete('/admin-messages');
  },
  'POST /admin/blacklist': async (stage, admin) => {
    await stage.addUser('outcast');
    await expecting(200, stage.vault().logIn('outcast', PASSWORD));
    return () => admin.post('/blacklist', OUTCAST);
  },
  'DELETE /admin/blacklist/:userDN': async (_, admin) => {
    await expecting(200, admin.post('/blacklist', OUTCAST));
    return () => admin.delete(`/blacklist/${OUTCAST.userDistinguishedName}`);
  },
  'PUT /admin/global-settings': async (_, admin) => () => admin.put('/global-settings', SETTINGS),
  'DELETE /admin/global-settings': async (_, admin) => {
    await expecting(204, admin.put('/global-settings', SETTINGS));
    return () => admin.delete('/global-settings');
  },
  'PUT /admin/my-preferences': async (_, admin) => () => admin.put('/my-preferences', { theme: 'dark' }),
  'POST /admin/on-boarded-devices/revoke-tokens': async (stage, admin) => {
    await signInFree(stage);
    return () => admin.post('/on-boarded-devices/revoke-tokens', { distinguishedNameFilter: FREE });
  },
  'DELETE /admin/on-boarded-devices/:deviceDN': async (stage, admin) => {
    await signInFree(stage);
    return () => admin.delete(`/on-boarded-devices/CN=${DEVICE.replaceAll('-', '')},${FREE}`);
  },
  'PUT /admin/token-records/revoked/by-dn/:DN': async (stage, admin) => {
    await signInFree(stage);
    return () => admin.put(`/token-records/revoked/by-dn/${FREE}`, { revocationReason: 'test' });
  },
};

/** Routes of verbs that change things which change nothing, whatever is sent, and why. */
export const CHANGING_NOTHING: Record<string, AdminAct> = {
  // It evaluates a given expression on given claims.
  'POST /admin/conditions/test': async (_, admin) => () =>
    admin.post('/conditions/test', { expression: 'return true;' }),
  // No call registers a FIDO2 device: there is never one to remove.
  'DELETE /admin/fido2-devices/:userDN': async (_, admin) => () => admin.delete(`/fido2-devices/${FREE}`),
  // It says whether this type can be signed in with.
  'POST /admin/identity-providers/test': async (_, admin) => () =>
    admin.post('/identity-providers/test', { type: 'LocalDatabase' }),
  // It reads a user.
  'POST /admin/identity-providers/:id/attributes': async (_, admin) => {
    const { data } = (await expecting(200, admin.get('/identity-providers?query=local'))).body;
    return () => admin.post(`/identity-providers/${data[0].id}/attributes`, { username: 'free' });
  },
  // It asks a given server with a given secret and keeps nothing.
  'POST /admin/mfa-providers/test': async (_, admin) => () =>
    admin.post('/mfa-providers/test', {
      ...RADIUS,
      hostnames: ['127.0.0.1'],
      port: 9,
      timeout: 1,
      sharedSecret: PASSWORD,
      challengeSharedSecret: PASSWORD,
    }),
  // It forgets decisions kept in memory, which are then made anew from the same rows.
  'POST /admin/on-boarded-devices/reevaluate/:DN': async (_, admin) => () =>
    admin.post('/on-boarded-devices/reevaluate/OU=local'),
};
