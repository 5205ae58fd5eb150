import { PushPatience } from '@sallyport/mfa-methods';
import { AppgateClient } from '../support/appgate-client.js';
import { type VaultAnswer } from './vault-client.js';
import { addUser, enforce, logIn, PASSWORD, startWorld, validate, type World } from './world.js';

export const METHOD = 'identity/mfa/method';
export const SILENT = 'MFA provider did not respond';
export const TIMED_OUT = 'push verification timed out';
export const REJECTED = 'push verification explicitly rejected';

/** Milliseconds a push is waited for. */
export const PATIENCE = 1_500;

/** A server with two database connections that may call these places, and that waits for a push for a moment only. */
export async function startVendorWorld(allow: string, waitMs = PATIENCE): Promise<World> {
  const settings = { SALLYPORT_OUTGOING_ALLOW: allow, SALLYPORT_DATABASE_POOL: '2' };
  const world = await startWorld({ settings });
  waitFor(world, waitMs);
  return world;
}

/** From now on a push is waited for so many milliseconds. */
export function waitFor({ server }: World, waitMs: number): void {
  Object.assign(server.app.get(PushPatience, { strict: false }), { waitMs, pauseMs: 20 });
}

/** The template of a person's user name. */
export function userName({ accessor }: World): string {
  return `{{identity.entity.aliases.${accessor}.name}}`;
}

/** A user who owes the method. @returns the entity's id. */
export async function owing(world: World, name: string, methodId: string): Promise<string> {
  await addUser(world, name);
  const entityId = (await logIn(world, name)).body.auth.entity_id as string;
  await enforce(world, `for-${name}`, [methodId], [entityId]);
  return entityId;
}

/** The id of a login that waits for its second factor. */
export async function requestOf(world: World, name: string): Promise<string> {
  const { auth } = (await logIn(world, name)).body;
  return auth.mfa_requirement.mfa_request_id;
}

/** Both phases. */
export async function finish(
  world: World,
  name: string,
  methodId: string,
  credentials: string[] = [],
): Promise<VaultAnswer> {
  return validate(world, await requestOf(world, name), { [methodId]: credentials });
}

export function told({ status, body }: VaultAnswer): [number, unknown] {
  return [status, body];
}

/** The whole answer of a second phase that was refused for this reason. */
export function refused(name: string, methodId: string, reason: string): [number, unknown] {
  const why = `2 errors occurred:\n\t* ${reason}\n\t* login MFA validation failed for methodID: [${methodId}]\n\n`;
  return [403, { errors: [`failed to satisfy enforcement for-${name}. error: ${why}`] }];
}

/** The text of a limit: the wait in seconds. */
export function throttled(freeTries: number, seconds: number): string {
  return (
    `maximum TOTP validation attempts ${freeTries + 1} exceeded the allowed attempts ${freeTries}. ` +
    `Please try again in ${seconds}s seconds`
  );
}

export async function countOf(
  { server }: World,
  entityId: string,
): Promise<{ failures: number; booked: number }> {
  const { rows } = await server.database.query<{ failures: number; booked: number }>(
    'SELECT failures, booked FROM factor_throttles WHERE principal_id = $1',
    [entityId],
  );
  return rows[0] ?? { failures: 0, booked: 0 };
}

/** Pushes that are open or were not answered. */
export async function openPushes({ server }: World, entityId: string): Promise<number> {
  const { rowCount } = await server.database.query('SELECT 1 FROM factor_pushes WHERE principal_id = $1', [
    entityId,
  ]);
  return rowCount ?? 0;
}

export async function events({ server }: World, entityId: string, action: string): Promise<number> {
  const { rowCount } = await server.database.query(
    'SELECT 1 FROM audit_events WHERE object_id = $1 AND action = $2',
    [entityId, action],
  );
  return rowCount ?? 0;
}

/** What `/admin` answers somebody who owes nothing but this method. */
export async function atAdmin({ server }: World, name: string): Promise<{ begun: unknown; proven: unknown }> {
  const partial = await new AppgateClient(server.url).partial(name, PASSWORD);
  const begun = await partial.post('/authentication/otp/initialize', {});
  const proven = await partial.post('/authentication/otp', { otp: '424242' });
  return { begun: [begun.status, begun.body.type], proven: [proven.status, proven.body.id] };
}
