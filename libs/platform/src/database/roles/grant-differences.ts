import type { Sql } from '../sql.js';
import { FUNCTION_GRANTS, SEQUENCE_GRANTS, TABLE_GRANTS } from './server-grants.js';

/** What GRANT and REVOKE name after ON. */
export type GrantedKind = 'TABLE' | 'COLUMN' | 'SEQUENCE' | 'FUNCTION' | 'SCHEMA' | 'DATABASE';

/** One privilege that somebody has and should not, or should have and has not. */
export interface GrantDifference {
  kind: GrantedKind;
  /** As the database has it: `tokens`; a column as `table.column`; a function as a statement spells it, `remove_audit_stretch(bigint)`. */
  name: string;
  privilege: string;
  grantee: 'server' | 'PUBLIC';
  wanted: boolean;
  /** Whether the role that asks may mend it. */
  mine: boolean;
}

interface Standing {
  [column: string]: unknown;
  kind: GrantedKind;
  name: string;
  mine: boolean;
  server: string[];
  everybody: string[];
}

/** What everybody may keep: to come in and look round. Tables, sequences and functions are nobody's but the server's. */
const EVERYBODYS: Partial<Record<GrantedKind, readonly string[]>> = {
  SCHEMA: ['USAGE'],
  DATABASE: ['CONNECT'],
};

/**
 * Compares what Postgres says the server's role may do in the present schema with the committed list. What is on no list is left alone: it is
 * of a newer version, or not ours.
 * @param role the server's.
 */
export async function grantDifferences(sql: Sql, role: string): Promise<GrantDifference[]> {
  const standings = await sql.query<Standing>(STANDINGS, [role]);
  return standings.flatMap((standing) => {
    const wanted = wantedOf(standing);
    if (wanted === undefined) return [];
    const { kind, name, mine, server, everybody } = standing;
    const kept = EVERYBODYS[kind] ?? [];
    const shared = everybody.filter((privilege) => kept.includes(privilege));
    const missing = wanted.filter((privilege) => ![...server, ...shared].includes(privilege));
    const surplus = server.filter((privilege) => !wanted.includes(privilege));
    const open = everybody.filter((privilege) => !kept.includes(privilege));
    const difference = (grantee: 'server' | 'PUBLIC', isWanted: boolean) => (privilege: string) => ({
      kind,
      name,
      privilege,
      grantee,
      wanted: isWanted,
      mine,
    });
    return [
      ...missing.map(difference('server', true)),
      ...surplus.map(difference('server', false)),
      ...open.map(difference('PUBLIC', false)),
    ];
  });
}

function wantedOf({ kind, name }: Standing): readonly string[] | undefined {
  switch (kind) {
    case 'TABLE':
      return listed(TABLE_GRANTS, name);
    case 'COLUMN':
      return listed(TABLE_GRANTS, name.slice(0, name.lastIndexOf('.'))) && [];
    case 'SEQUENCE':
      return listed(SEQUENCE_GRANTS, name) ?? [];
    case 'FUNCTION':
      return FUNCTION_GRANTS.includes(name) ? ['EXECUTE'] : [];
    case 'SCHEMA':
      return ['USAGE'];
    case 'DATABASE':
      return ['CONNECT'];
  }
}

/** Somebody may have named a table as what every object has. */
function listed<T>(list: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(list, name) ? list[name] : undefined;
}

const here = 'current_schema()::regnamespace';

/** `acl`, where the role and everybody stand in it. What was never granted on has the system's own defaults. */
const standing = (kind: GrantedKind, name: string, owner: string, acl: string, from: string) => `
  SELECT '${kind}' AS kind, ${name} AS name, pg_has_role(${owner}, 'USAGE') AS mine,
    ARRAY(SELECT DISTINCT g.privilege_type FROM aclexplode(${acl}) g WHERE g.grantee = to_regrole(quote_ident($1)) ORDER BY 1) AS server,
    ARRAY(SELECT DISTINCT g.privilege_type FROM aclexplode(${acl}) g WHERE g.grantee = 0 ORDER BY 1) AS everybody
  FROM ${from}`;

const STANDINGS = [
  standing(
    'TABLE',
    'c.relname::text',
    'c.relowner',
    'c.relacl',
    `pg_class c WHERE c.relnamespace = ${here} AND c.relkind IN ('r', 'p', 'v', 'm', 'f')`,
  ),
  standing(
    'COLUMN',
    `c.relname || '.' || a.attname`,
    'c.relowner',
    'a.attacl',
    `pg_class c JOIN pg_attribute a ON a.attrelid = c.oid WHERE c.relnamespace = ${here} AND a.attacl IS NOT NULL`,
  ),
  standing(
    'SEQUENCE',
    'c.relname::text',
    'c.relowner',
    'c.relacl',
    `pg_class c WHERE c.relnamespace = ${here} AND c.relkind = 'S'`,
  ),
  // What an extension brought is its own.
  standing(
    'FUNCTION',
    `quote_ident(f.proname) || '(' || (SELECT coalesce(string_agg(format_type(t, NULL), ',' ORDER BY place), '')
       FROM unnest(f.proargtypes) WITH ORDINALITY AS args (t, place)) || ')'`,
    'f.proowner',
    `coalesce(f.proacl, acldefault('f', f.proowner))`,
    `pg_proc f WHERE f.pronamespace = ${here} AND f.prokind = 'f'
       AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e')`,
  ),
  standing(
    'SCHEMA',
    'n.nspname::text',
    'n.nspowner',
    `coalesce(n.nspacl, acldefault('n', n.nspowner))`,
    `pg_namespace n WHERE n.oid = ${here}`,
  ),
  standing(
    'DATABASE',
    'd.datname::text',
    'd.datdba',
    `coalesce(d.datacl, acldefault('d', d.datdba))`,
    'pg_database d WHERE d.datname = current_database()',
  ),
].join(' UNION ALL ');
