import { randomUUID } from 'node:crypto';
import { SERVER } from '@sallyport/audit';
import { IdentityProvidersService, LocalUsersService } from '@sallyport/identity';
import {
  type AdministrativePrivilege,
  subjectOf,
  type VaultAuthority,
  type Writer,
} from '@sallyport/privileges';
import type { Core } from './core.js';
import { addUser } from './people.js';

/** The holder of a root token at `/v1`. */
export const ROOT: VaultAuthority = {
  root: true,
  subject: { policies: ['root'], tokenPolicies: ['root'], entityId: null, version: 0 },
  localUserId: null,
};

/** The built-in administrator at `/admin`. */
export async function builtInAdministrator(core: Core): Promise<Writer> {
  const local = await core.get(IdentityProvidersService).local();
  const admin = await core.get(LocalUsersService).findByName(local.id, 'admin');
  return { subject: subjectOf(admin!.id), actor: SERVER };
}

/** Somebody new at `/admin` who holds exactly these privileges, by a policy whose name begins with `writer`; of a mount: with all its users. */
export async function writerHolding(
  core: Core,
  privileges: AdministrativePrivilege[],
  identityProviderId?: string,
): Promise<Writer> {
  const name = `writer-${randomUUID()}`;
  const { user } = await addUser(core, name, identityProviderId === undefined ? {} : { identityProviderId });
  // The users of a mount have no claims of their own.
  const expression =
    identityProviderId === undefined
      ? `return claims.user.username === ${JSON.stringify(name)};`
      : `return claims.user.ag.identityProviderId === ${JSON.stringify(identityProviderId)};`;
  const role = randomUUID();
  await core.database.query(
    `INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at)
     VALUES ($1, $2, $2, $3, now(), now())`,
    [role, name, JSON.stringify(privileges)],
  );
  await core.database.query(
    `INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
     VALUES ($1, $2, $2, 'Admin', $3, ARRAY[$4::uuid], now(), now())`,
    [randomUUID(), name, expression, role],
  );
  return { subject: subjectOf(user.id), actor: SERVER };
}
