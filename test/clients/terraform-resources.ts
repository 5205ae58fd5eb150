import { getAuth, GoClient, GoError } from './go-client.js';

type Fields = Record<string, unknown>;

/** A resource as terraform-provider-vault treats it (vault.md §13.8): its own requests, in its own order. */
export interface Resource {
  address: string;
  /** What the configuration says, the provider's defaults included. */
  configured: Fields;
  /** What is there now, in the configuration's terms; null: it is gone. */
  refresh(): Promise<Fields | null>;
  update(configured: Fields): Promise<void>;
  destroy(): Promise<void>;
}

/** The fields a plan would change: those that read back otherwise than they were written. A resource that is gone is all of itself. */
export async function plan(resources: Resource[]): Promise<string[]> {
  const changes = resources.map(async (resource) => {
    const { address, configured } = resource;
    const found = await resource.refresh();
    if (found === null) return [address];
    return Object.keys(configured)
      .filter((field) => inState(configured[field]) !== inState(found[field]))
      .map((field) => `${address}.${field}`);
  });
  return (await Promise.all(changes)).flat();
}

/** A value as the state keeps it: lists are sets, and what is empty is not there. */
function inState(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? '' : JSON.stringify(value.toSorted());
  if (value === null || value === undefined || value === '') return '';
  if (typeof value !== 'object') return JSON.stringify(value);
  const entries = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return entries.length === 0 ? '' : JSON.stringify(entries);
}

/** The provider leaves what has its type's zero value out of a creation. */
function withoutZeros(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => inState(value) !== '' && value !== 0 && value !== false),
  );
}

/** By which the provider knows a mount that is gone. */
const NO_MOUNT = /No secret engine mount at|No auth engine at/;

/** `vault_auth_backend` with a `tune` block; leases in seconds. */
export async function authBackend(client: GoClient, path: string, configured: Fields): Promise<Resource> {
  const tune = ({ default_lease_ttl, max_lease_ttl, listing_visibility, token_type }: Fields) => ({
    options: null,
    default_lease_ttl: `${String(default_lease_ttl)}s`,
    max_lease_ttl: `${String(max_lease_ttl)}s`,
    force_no_cache: false,
    listing_visibility,
    token_type,
  });
  const { type, description } = configured;
  const mount = {
    type,
    description,
    config: tune(configured),
    local: false,
    seal_wrap: false,
    options: null,
  };
  await client.request('POST', `sys/auth/${path}`, { ...mount, external_entropy_access: false });
  const read = async () => (await getAuth(client, path)).data;
  return {
    address: `vault_auth_backend.${path}`,
    configured,
    refresh: async () => {
      const found = await read().catch((error: unknown) => {
        if (error instanceof GoError && NO_MOUNT.test(error.message)) return null;
        throw error;
      });
      if (found === null) return null;
      return { ...found, ...(await client.read(`sys/mounts/auth/${path}/tune`))!.data, accessor: undefined };
    },
    update: async (changed) => {
      await client.request('POST', `sys/mounts/auth/${path}/tune`, {
        ...tune(changed),
        description: changed['description'],
      });
    },
    destroy: async () => void (await client.remove(`sys/auth/${path}`)),
  };
}

/** What is written and read under a name of its own: policies, users of a mount, enforcements. */
export async function named(
  client: GoClient,
  address: string,
  path: string,
  configured: Fields,
  unread: Fields = {},
): Promise<Resource> {
  const write = (fields: Fields) => client.write(path, { ...withoutZeros(fields), ...unread });
  await write(configured);
  return {
    address,
    configured,
    refresh: async () => (await client.read(path))?.data ?? null,
    update: async (changed) => void (await write(changed)),
    destroy: async () => void (await client.remove(path)),
  };
}

/** `vault_identity_mfa_totp`. */
export async function totpMethod(
  client: GoClient,
  configured: Fields,
): Promise<Resource & { methodId: string }> {
  const defaults = { algorithm: 'SHA256', digits: 6, key_size: 20, max_validation_attempts: 5, period: 30 };
  const all = { ...defaults, qr_size: 200, skew: 1, ...configured };
  const made = await client.write('identity/mfa/method/totp', withoutZeros(all));
  const methodId: string = made!.data.method_id;
  const path = `identity/mfa/method/totp/${methodId}`;
  return {
    address: 'vault_identity_mfa_totp',
    methodId,
    configured: all,
    refresh: async () => (await client.read(path))?.data ?? null,
    update: async (changed) =>
      void (await client.write(path, { ...all, ...changed, uuid: methodId, method_id: methodId })),
    destroy: async () => void (await client.remove(path)),
  };
}

/** `vault_identity_entity` and `vault_identity_group`: made by name, known by id from then on. */
export async function identity(
  client: GoClient,
  kind: 'entity' | 'group',
  configured: Fields,
): Promise<Resource & { id: string }> {
  const made = await client.write(`identity/${kind}`, configured);
  // The provider takes no content for "there is one of this name already".
  if (made === null) throw new Error(`identity ${kind} ${String(configured['name'])} already exists`);
  const path = `identity/${kind}/id/${String(made.data.id)}`;
  return {
    address: `vault_identity_${kind}.${String(configured['name'])}`,
    id: made.data.id,
    configured,
    refresh: async () => (await client.read(path))?.data ?? null,
    update: async (changed) => void (await client.write(path, changed)),
    destroy: async () => void (await client.remove(path)),
  };
}

/** `vault_identity_entity_alias`: looked up first, and refused where there is one. */
export async function entityAlias(client: GoClient, configured: Fields): Promise<Resource & { id: string }> {
  const { name, mount_accessor } = configured;
  const wanted = { alias_name: name, alias_mount_accessor: mount_accessor };
  if ((await client.request('POST', 'identity/lookup/entity', wanted)) !== null)
    throw new Error(`entity alias ${String(name)} already exists`);
  const made = await client.write('identity/entity-alias', configured);
  const path = `identity/entity-alias/id/${String(made!.data.id)}`;
  return {
    address: `vault_identity_entity_alias.${String(name)}`,
    id: made!.data.id,
    configured,
    refresh: async () => (await client.read(path))?.data ?? null,
    update: async (changed) => void (await client.write(path, changed)),
    destroy: async () => void (await client.remove(path)),
  };
}
