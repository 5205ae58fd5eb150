import { type AppgateClient, DEVICE } from '../support/appgate-client.js';
import { Authenticator } from '../support/authenticator.js';
import { type Answer, expecting } from '../support/send.js';
import { DEFAULT_METHOD, PASSWORD, type Player, type Stage } from '../support/stage.js';
import type { AdminAct } from './admin-acts.js';

const ME = '/sallyport/me';
const NAMES = { firstName: 'F', lastName: 'L' };
const NEXT = 'seven quiet harbours at dusk';

let people = 0;

/** Somebody who may sign in at `/admin`, signed in by a password. */
async function signedIn(stage: Stage): Promise<{ name: string; me: AppgateClient }> {
  const name = `self-${++people}`;
  await stage.addUser(name);
  await stage.makeAdministrator(name);
  return { name, me: await stage.appgate().final(name, PASSWORD) };
}

interface Owner {
  player: Player;
  me: AppgateClient;
  /** The path of the one authenticator. */
  authenticator: string;
}

/** The same with an authenticator, of which a code was just proven. */
async function owner(stage: Stage): Promise<Owner> {
  const player = await stage.addPlayer(`self-${++people}`);
  await stage.makeAdministrator(player.name);
  const before = await stage.appgate().final(player.name, PASSWORD);
  const proof = { code: stage.code(player) };
  const { token } = (await expecting(200, before.post(`${ME}/step-up`, proof))).body;
  const me = before.with(token);
  const { data } = (await expecting(200, me.get(`${ME}/authenticators`))).body;
  return { player, me, authenticator: `${ME}/authenticators/${data[0].id}` };
}

async function begin(stage: Stage, { player, me, authenticator }: Owner): Promise<Authenticator> {
  stage.clock.advance(30);
  const begun = await expecting(200, me.post(`${authenticator}/replacement`, { code: stage.code(player) }));
  return Authenticator.scan(begun.body.otpAuthUrl);
}

async function issueCode(admin: AppgateClient, name: string): Promise<string> {
  const path = `/sallyport/users/CN=${name},OU=local/activation-code`;
  return (await expecting(200, admin.post(path))).body.code;
}

/** One rightful act for every route of `/admin/sallyport/me`, `/users` and `/activations` that changes something. */
export const SELF_SERVICE_ACTS: Record<string, AdminAct> = {
  'PUT /admin/sallyport/me': async (stage) => {
    const { me } = await signedIn(stage);
    return () => me.put(ME, { ...NAMES, email: 'new@example.com' });
  },
  'PUT /admin/sallyport/me/password': async (stage) => {
    const { me } = await signedIn(stage);
    return () => me.put(`${ME}/password`, { currentPassword: PASSWORD, newPassword: NEXT });
  },
  'POST /admin/sallyport/me/step-up': async (stage) => {
    const { me } = await signedIn(stage);
    return () => me.post(`${ME}/step-up`, { password: PASSWORD });
  },
  'DELETE /admin/sallyport/me/sessions': async (stage) => {
    const { name, me } = await signedIn(stage);
    await stage.appgate().final(name, PASSWORD);
    return () => me.delete(`${ME}/sessions`);
  },
  'DELETE /admin/sallyport/me/sessions/:accessor': async (stage) => {
    const { name, me } = await signedIn(stage);
    const { auth } = (await expecting(200, stage.vault().logIn(name, PASSWORD))).body;
    return () => me.delete(`${ME}/sessions/${auth.accessor}`);
  },
  'PUT /admin/sallyport/me/authenticators/:id': async (stage) => {
    const { me, authenticator } = await owner(stage);
    return () => me.put(authenticator, { name: 'my telephone' });
  },
  'DELETE /admin/sallyport/me/authenticators/:id': async (stage) => {
    const { me, authenticator } = await owner(stage);
    return () => me.delete(authenticator);
  },
  'POST /admin/sallyport/me/authenticators/:id/replacement': async (stage) => {
    const { player, me, authenticator } = await owner(stage);
    stage.clock.advance(30);
    return () => me.post(`${authenticator}/replacement`, { code: stage.code(player) });
  },
  'POST /admin/sallyport/me/authenticators/:id/replacement/confirm': async (stage) => {
    const held = await owner(stage);
    const next = await begin(stage, held);
    return () => held.me.post(`${held.authenticator}/replacement/confirm`, { code: next.codeAt(stage.now) });
  },
  'POST /admin/sallyport/users/:userDN/authenticators/:id/reset': async (stage, admin) => {
    const { player, authenticator } = await owner(stage);
    const id = authenticator.split('/').at(-1);
    const path = `/sallyport/users/CN=${player.name},OU=local/authenticators/${id}/reset`;
    return () => admin.post(path, { reason: 'telephone lost' });
  },
  'DELETE /admin/sallyport/users/:userDN/sessions/:accessor': async (stage, admin) => {
    const { name } = await signedIn(stage);
    const { auth } = (await expecting(200, stage.vault().logIn(name, PASSWORD))).body;
    return () => admin.delete(`/sallyport/users/CN=${name},OU=local/sessions/${auth.accessor}`);
  },
  'POST /admin/sallyport/users/:userDN/activation-code': async (stage, admin) => {
    const { name } = await signedIn(stage);
    return () => admin.post(`/sallyport/users/CN=${name},OU=local/activation-code`);
  },
  'POST /admin/sallyport/activations': async (stage, admin) => {
    const { name } = await signedIn(stage);
    return activation(stage, name, await issueCode(admin, name));
  },
};

function activation(stage: Stage, username: string, code: string): () => Promise<Answer> {
  return () =>
    stage.appgate().post('/sallyport/activations', {
      providerName: 'local',
      deviceId: DEVICE,
      username,
      code,
      newPassword: NEXT,
    });
}

/** How each of them that compares a secret is driven to its wait: five wrong tries, then a right one (S10). */
export const SELF_SERVICE_DRIVERS: Record<
  string,
  (stage: Stage) => (player: Player) => (secret: 'wrong' | 'right') => Promise<Answer>
> = {
  'POST /admin/sallyport/activations': (stage) => (player) => {
    let code: string | null = null;
    return async (secret) => {
      code ??= await issueCode(await stage.administrator(), player.name);
      return activation(stage, player.name, secret === 'right' ? code : 'x'.repeat(43))();
    };
  },
};

const clients = new Map<string, AppgateClient>();

/** One final token for all tries of a player, who is asked for nothing at a sign-in. */
async function clientOf(stage: Stage, player: Player): Promise<AppgateClient> {
  if (!clients.has(player.name)) {
    await expecting(204, stage.root.remove(`identity/mfa/login-enforcement/for-${player.name}`));
    await stage.makeAdministrator(player.name);
    clients.set(player.name, await stage.appgate().final(player.name, PASSWORD));
  }
  return clients.get(player.name)!;
}

async function authenticatorOf(me: AppgateClient): Promise<string> {
  const { data } = (await expecting(200, me.get(`${ME}/authenticators`))).body;
  return `${ME}/authenticators/${data.find((one: { methodId: string }) => one.methodId === DEFAULT_METHOD).id}`;
}

const begun = new Map<string, Authenticator>();

/** The same for those that want a full token. */
export const SELF_SERVICE_DRIVERS_WITH_TOKEN: typeof SELF_SERVICE_DRIVERS = {
  'POST /admin/sallyport/me/step-up': (stage) => (player) => async (secret) => {
    const me = await clientOf(stage, player);
    return me.post(`${ME}/step-up`, { code: secret === 'right' ? stage.code(player) : stage.wrong(player) });
  },
  'PUT /admin/sallyport/me/password': (stage) => (player) => async (secret) => {
    const me = await clientOf(stage, player);
    if (!begun.has(player.name)) {
      begun.set(player.name, player.authenticator);
      const proof = { code: stage.code(player, 1) };
      const { token } = (await expecting(200, me.post(`${ME}/step-up`, proof))).body;
      clients.set(player.name, me.with(token));
    }
    const currentPassword = secret === 'right' ? PASSWORD : 'wrong';
    return clients.get(player.name)!.put(`${ME}/password`, { currentPassword, newPassword: NEXT });
  },
  'POST /admin/sallyport/me/authenticators/:id/replacement': (stage) => (player) => async (secret) => {
    const me = await clientOf(stage, player);
    const code = secret === 'right' ? stage.code(player) : stage.wrong(player);
    return me.post(`${await authenticatorOf(me)}/replacement`, { code });
  },
  'POST /admin/sallyport/me/authenticators/:id/replacement/confirm':
    (stage) => (player) => async (secret) => {
      const me = await clientOf(stage, player);
      const path = `${await authenticatorOf(me)}/replacement`;
      if (!begun.has(player.name)) {
        const made = await expecting(200, me.post(path, { code: stage.code(player, 1) }));
        begun.set(player.name, Authenticator.scan(made.body.otpAuthUrl));
      }
      const fresh = { ...player, authenticator: begun.get(player.name)! };
      const code = secret === 'right' ? stage.code(fresh) : stage.wrong(fresh);
      return me.post(`${path}/confirm`, { code });
    },
};
