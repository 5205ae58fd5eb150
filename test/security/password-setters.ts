import { randomUUID } from 'node:crypto';
import { type AppgateClient, DEVICE } from '../support/appgate-client.js';
import { OPERATIONS, resolve } from '../support/openapi-document.js';
import { type Answer, expecting } from '../support/send.js';
import { PASSWORD, type Stage } from '../support/stage.js';

/** Somebody whose password can be set. */
export interface Target {
  name: string;
  /** Takes away what an earlier call made, where the route makes somebody new each time. */
  clear?: () => Promise<unknown>;
  set: (password: string) => Promise<Answer>;
}

interface Making {
  stage: Stage;
  admin: AppgateClient;
  name: string;
}

export interface PasswordSetter {
  /** As in the API document. */
  operation: string;
  /** What a password that is set answers. */
  done: number;
  /** Whether the one it is set for can sign in with it. */
  signsIn: boolean;
  /** How the route says what is wrong with the password. */
  refusal: (problem: string) => { status: number; body: object };
  /** Somebody for whom the password may be set again and again. */
  target: (making: Making) => Promise<Target>;
}

const invalid = (field: string) => (problem: string) => ({
  status: 422,
  body: { errors: [{ field, message: problem }] },
});
const vaultError = (problem: string) => ({ status: 400, body: { errors: [`password ${problem}`] } });

const atAdmin = { signsIn: true, done: 200, refusal: invalid('password') };
const atVault = { signsIn: true, done: 204, refusal: vaultError };
const NAMES = { firstName: 'F', lastName: 'L' };

async function addLocalUser({ admin, name }: Making): Promise<string> {
  const made = await expecting(200, admin.post('/local-users', { name, ...NAMES, password: PASSWORD }));
  return made.body.id;
}

async function removeAll(admin: AppgateClient, collection: string, name: string): Promise<void> {
  const { data } = (await expecting(200, admin.get(`/${collection}?query=${name}`))).body;
  for (const { id } of data) await expecting(204, admin.delete(`/${collection}/${id}`));
}

/** One entry per route that sets a password; a test compares them with the API document (S03). */
export const PASSWORD_SETTERS: PasswordSetter[] = [
  {
    ...atAdmin,
    operation: 'post /admin/local-users',
    target: async ({ admin, name }) => ({
      name,
      clear: () => removeAll(admin, 'local-users', name),
      set: (password) => admin.post('/local-users', { name, ...NAMES, password }),
    }),
  },
  {
    ...atAdmin,
    operation: 'put /admin/local-users/{id}',
    target: async (making) => {
      const id = await addLocalUser(making);
      const { admin, name } = making;
      return { name, set: (password) => admin.put(`/local-users/${id}`, { name, ...NAMES, password }) };
    },
  },
  {
    ...atAdmin,
    signsIn: false,
    operation: 'post /admin/service-users',
    target: async ({ admin, name }) => ({
      name,
      clear: () => removeAll(admin, 'service-users', name),
      set: (password) => admin.post('/service-users', { name, password }),
    }),
  },
  {
    ...atAdmin,
    signsIn: false,
    operation: 'put /admin/service-users/{id}',
    target: async ({ admin, name }) => {
      const { id } = (await expecting(200, admin.post('/service-users', { name, password: PASSWORD }))).body;
      return { name, set: (password) => admin.put(`/service-users/${id}`, { name, password }) };
    },
  },
  {
    ...atAdmin,
    operation: 'post /admin/sallyport/activations',
    refusal: invalid('newPassword'),
    target: async (making) => {
      await addLocalUser(making);
      const { stage, admin, name } = making;
      const path = `/sallyport/users/CN=${name},OU=local/activation-code`;
      return {
        name,
        set: async (newPassword) => {
          const { code } = (await expecting(200, admin.post(path))).body;
          const sent = { providerName: 'local', username: name, deviceId: DEVICE, code, newPassword };
          return stage.appgate().post('/sallyport/activations', sent);
        },
      };
    },
  },
  {
    ...atAdmin,
    done: 204,
    operation: 'put /admin/sallyport/me/password',
    refusal: invalid('newPassword'),
    target: async (making) => {
      await addLocalUser(making);
      const { stage, name } = making;
      await stage.makeAdministrator(name);
      const own = await stage.appgate().final(name, PASSWORD);
      let currentPassword = PASSWORD;
      return {
        name,
        set: async (newPassword) => {
          const answer = await own.put('/sallyport/me/password', { currentPassword, newPassword });
          if (answer.status === 204) currentPassword = newPassword;
          return answer;
        },
      };
    },
  },
  {
    ...atVault,
    operation: 'post /v1/auth/{mount}/users/{username}',
    target: async ({ stage, name }) => ({
      name,
      clear: () => stage.root.remove(`auth/userpass/users/${name}`),
      set: (password) => stage.root.write(`auth/userpass/users/${name}`, { password }),
    }),
  },
  {
    ...atVault,
    operation: 'post /v1/auth/{mount}/users/{username}/password',
    target: async ({ stage, name }) => {
      await stage.addUser(name);
      return {
        name,
        set: (password) => stage.root.write(`auth/userpass/users/${name}/password`, { password }),
      };
    },
  },
];

/** Routes with a password in their body that compare it, or keep one for another server. */
export const OTHER_PASSWORDS = [
  'post /admin/authentication',
  'post /admin/authentication/otp/initialize',
  'post /admin/identity-providers/{id}/attributes',
  'post /admin/login',
  'post /admin/sallyport/me/step-up',
  'post /v1/auth/{mount}/login/{username}',
];

/** Every operation of the API document that takes a password of a user's. */
export function operationsWithPassword(): string[] {
  const names = /^(password|newPassword|userPassword)$/;
  return OPERATIONS.filter(({ body }) =>
    Object.keys(body === undefined ? {} : (resolve(body).properties ?? {})).some((name) => names.test(name)),
  ).map(({ name }) => name);
}

/** A name nobody has, of which no password above is made. */
export function freshName(): string {
  return `n-${randomUUID().slice(0, 8)}`;
}
