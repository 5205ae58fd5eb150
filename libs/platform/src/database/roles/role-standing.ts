import { single } from '../database.js';
import type { Sql } from '../sql.js';
import { grantDifferences } from './grant-differences.js';

/** What a role may do that the server's should not, and what it lacks. */
export interface RoleStanding {
  role: string;
  /** In words that follow on "the role X": `is a superuser`, `owns the tables`. */
  tooMuch: string[];
  /** Privileges of the list that it was not given: `INSERT on tokens`. */
  missing: string[];
}

interface Powers {
  [column: string]: unknown;
  role: string;
  superuser: boolean;
  attributes: string[];
  owner: boolean;
  others: string[];
}

/** Looks what the role that asks may do in this database (S74, S96). */
export async function roleStanding(sql: Sql): Promise<RoleStanding> {
  const { role, superuser, attributes, owner, others } = single(await sql.query<Powers>(POWERS));
  if (superuser) return { role, tooMuch: ['is a superuser'], missing: [] };
  const tooMuch = attributes.map((attribute) => `has ${attribute}`);
  if (owner) return { role, tooMuch: [...tooMuch, 'owns the tables'], missing: [] };
  const differences = await grantDifferences(sql, role);
  const told = (wanted: boolean) =>
    differences
      .filter((difference) => difference.wanted === wanted)
      .map(({ privilege, name, grantee }) => ({ grantee, text: `${privilege} on ${name}` }));
  return {
    role,
    tooMuch: [
      ...tooMuch,
      ...others.map((other) => `may become ${other}`),
      ...told(false).map(
        ({ grantee, text }) => `has ${text}${grantee === 'PUBLIC' ? ', as everybody has' : ''}`,
      ),
    ],
    missing: told(true).map(({ text }) => text),
  };
}

/** Whether the role that asks may change the schema: it owns the tables, or may make them where there are none. */
export async function mayMigrate(sql: Sql): Promise<boolean> {
  const { may } = single(await sql.query<{ may: boolean }>(MAY_MIGRATE));
  return may;
}

/** The role that asks. */
export async function currentRole(sql: Sql): Promise<string> {
  return single(await sql.query<{ role: string }>('SELECT current_user::text AS role')).role;
}

const MAY_MIGRATE = `
  SELECT CASE WHEN to_regclass('migrations') IS NULL THEN coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
    ELSE (SELECT pg_has_role(relowner, 'USAGE') FROM pg_class WHERE oid = to_regclass('migrations')) END AS may`;

const POWERS = `
  SELECT r.rolname::text AS role, r.rolsuper AS superuser,
    array_remove(ARRAY[CASE WHEN r.rolcreaterole THEN 'CREATEROLE' END, CASE WHEN r.rolcreatedb THEN 'CREATEDB' END,
      CASE WHEN r.rolbypassrls THEN 'BYPASSRLS' END, CASE WHEN r.rolreplication THEN 'REPLICATION' END], NULL) AS attributes,
    EXISTS (SELECT FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p')
      AND pg_has_role(c.relowner, 'MEMBER')) AS owner,
    ARRAY(SELECT o.rolname::text FROM pg_roles o WHERE o.oid <> r.oid AND pg_has_role(o.oid, 'MEMBER') ORDER BY 1) AS others
  FROM pg_roles r WHERE r.rolname = current_user`;
