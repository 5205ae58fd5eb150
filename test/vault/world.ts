import { expect } from 'vitest';
import { startSallyport, type Sallyport, type SallyportOptions } from '../support/sallyport.js';
import { Authenticator } from './authenticator.js';
import { type VaultAnswer, VaultClient } from './vault-client.js';

export const PASSWORD = 'plum-orbit-velvet-93';
export const DEFAULT_METHOD = 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401';

/** A server with `userpass/` attached, seen by whoever holds the root token. */
export interface World {
  server: Sallyport;
  root: VaultClient;
  anonymous: VaultClient;
  /** The accessor of `userpass/`. */
  accessor: string;
  stop(): Promise<void>;
}

export async function startWorld(options: SallyportOptions = {}): Promise<World> {
  const server = await startSallyport(options);
  const anonymous = new VaultClient(server.url);
  const root = anonymous.as(server.rootToken);
  await root.write('sys/auth/userpass', { type: 'userpass' });
  const accessor = (await root.read('sys/auth/userpass')).body.data.accessor as string;
  return { server, root, anonymous, accessor, stop: () => server.stop() };
}

export function addUser(
  { root }: World,
  name: string,
  fields: object = {},
  mount = 'userpass',
): Promise<VaultAnswer> {
  return root.write(`auth/${mount}/users/${name}`, { password: PASSWORD, ...fields });
}

export function logIn(
  { anonymous }: World,
  name: string,
  mfa: string[] = [],
  mount = 'userpass',
): Promise<VaultAnswer> {
  return anonymous.write(
    `auth/${mount}/login/${name}`,
    { password: PASSWORD },
    mfa.length > 0 ? { 'X-Vault-MFA': mfa } : {},
  );
}

/** Adds a user, logs it in (where nothing is owed yet) and gives it an authenticator for the method. */
export async function enrolledUser(
  world: World,
  name: string,
  methodId = DEFAULT_METHOD,
): Promise<{ entityId: string; token: string; authenticator: Authenticator }> {
  await addUser(world, name);
  const { auth } = (await logIn(world, name)).body;
  const made = await world.root.write('identity/mfa/method/totp/admin-generate', {
    method_id: methodId,
    entity_id: auth.entity_id,
  });
  return {
    entityId: auth.entity_id,
    token: auth.client_token,
    authenticator: new Authenticator(made.body.data.url),
  };
}

/** A TOTP method of its own. */
export async function addMethod({ root }: World, name: string, fields: object = {}): Promise<string> {
  const made = await root.write('identity/mfa/method/totp', {
    method_name: name,
    issuer: 'Example',
    ...fields,
  });
  return made.body.data.method_id;
}

/** An enforcement on an entity. */
export function enforce(
  { root }: World,
  name: string,
  methodIds: string[],
  entityIds: string[],
): Promise<VaultAnswer> {
  return root.write(`identity/mfa/login-enforcement/${name}`, {
    mfa_method_ids: methodIds,
    identity_entity_ids: entityIds,
  });
}

export function validate({ anonymous }: World, requestId: string, payload: object): Promise<VaultAnswer> {
  return anonymous.write('sys/mfa/validate', { mfa_request_id: requestId, mfa_payload: payload });
}

export const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
