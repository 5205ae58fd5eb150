import type { ClaimMapping } from '@sallyport/identity';
import type { Reads, Sql } from '@sallyport/platform';
import type { AdministrativePrivilege } from './administrative-privilege.js';

export interface StandingUser {
  id: string;
  name: string;
  firstName: string;
  lastName: string;
  email: string | null;
  phone: string | null;
  tags: string[];
  /** Neither the user nor the person behind it is disabled. */
  enabled: boolean;
}

export interface StandingProvider {
  id: string;
  name: string;
  claimMappings: ClaimMapping[];
}

export interface StandingPolicy {
  id: string;
  name: string;
  expression: string;
  /** Names of the roles it gives. */
  roles: string[];
  /** Of each of these roles. */
  privileges: AdministrativePrivilege[][];
}

export interface StandingScript {
  name: string;
  expression: string;
}

/** What a session of a user is compared with. */
export interface StandingAccount {
  principalId: string;
  credentialVersion: number;
  /** Of the user's provider: its users may sign in at `/admin`. */
  adminProvider: boolean;
}

/** Everything that decides what one user may do, as of one moment. */
export interface Standing {
  user: StandingUser;
  provider: StandingProvider;
  /** Enabled ones of type Admin or Mixed that name a role, by name (contract appgate.md §5.4). */
  policies: StandingPolicy[];
  criteriaScripts: StandingScript[];
  /** Those of the provider, in its order. */
  userScripts: StandingScript[];
}

/** That of a user there is. */
export interface UserStanding extends Standing {
  account: StandingAccount;
}

/** What decides, for any user of one provider. */
export type Deciding = Omit<Standing, 'user'>;

/**
 * Reads it in one statement on the primary (S47); null where the user is gone.
 * @param user which user that is, as an expression of `$1`, the key.
 */
export async function readStanding(
  reads: Reads,
  key: string | Buffer,
  user = '$1::uuid',
): Promise<UserStanding | null> {
  const [standing] = await reads.query<{ [Part in keyof UserStanding]: UserStanding[Part] }>(
    `${STANDING} WHERE u.id = ${user}`,
    [key],
  );
  return standing ?? null;
}

/** The same without a user, for one who is only about to be; null where the provider is gone. */
export async function readDeciding(sql: Sql, identityProviderId: string): Promise<Deciding | null> {
  const [deciding] = await sql.query<{ [Part in keyof Deciding]: Deciding[Part] }>(OF_PROVIDER, [
    identityProviderId,
  ]);
  return deciding ?? null;
}

// Over alias `p`, the provider.
const DECIDING = `
    json_build_object('id', p.id, 'name', p.name, 'claimMappings', p.claim_mappings) AS provider,
    (SELECT coalesce(json_agg(json_build_object('id', id, 'name', name, 'expression', expression, 'roles', roles,
        'privileges', privileges) ORDER BY name_canonical), '[]')
      FROM (
        SELECT o.id, o.name, o.name_canonical, o.expression, json_agg(r.name ORDER BY r.name_canonical) AS roles,
          json_agg(r.privileges ORDER BY r.name_canonical) AS privileges
        FROM policies o JOIN administrative_roles r ON r.id = ANY(o.administrative_roles)
        WHERE NOT o.disabled AND o.type IN ('Admin', 'Mixed') GROUP BY o.id
      ) AS deciding) AS policies,
    (SELECT coalesce(json_agg(json_build_object('name', name, 'expression', expression) ORDER BY name_canonical), '[]')
      FROM criteria_scripts) AS "criteriaScripts",
    (SELECT coalesce(json_agg(json_build_object('name', s.name, 'expression', s.expression) ORDER BY named.place), '[]')
      FROM unnest(p.user_scripts) WITH ORDINALITY AS named (id, place) JOIN user_scripts s ON s.id = named.id) AS "userScripts"`;

const STANDING = `
  SELECT
    json_build_object('id', u.id, 'name', u.name, 'firstName', u.first_name, 'lastName', u.last_name, 'email', u.email,
      'phone', u.phone, 'tags', u.tags, 'enabled', NOT u.disabled AND NOT EXISTS (
        SELECT 1 FROM accounts a JOIN principals person ON person.id = a.principal_id
        WHERE a.id = u.account_id AND person.disabled)) AS "user",
    json_build_object('principalId', (SELECT principal_id FROM accounts WHERE id = u.account_id), 'credentialVersion', u.credential_version,
      'adminProvider', p.admin_provider) AS account,${DECIDING}
  FROM local_users u JOIN identity_providers p ON p.id = u.identity_provider_id`;

const OF_PROVIDER = `SELECT ${DECIDING} FROM identity_providers p WHERE p.id = $1`;
