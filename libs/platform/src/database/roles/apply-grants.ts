import pg from 'pg';
import type { Sql } from '../sql.js';
import { type GrantDifference, grantDifferences } from './grant-differences.js';

/**
 * Gives the server's role what the committed list says, and takes everything else away from it; everybody else loses what is the server's.
 * Where all is in place nothing is written. For a role that owns the schema, under the lock of the migrations.
 * @param role the server's; it exists.
 */
export async function applyGrants(sql: Sql, role: string): Promise<void> {
  const statements = new Map<string, string[]>();
  for (const difference of await grantDifferences(sql, role)) {
    if (!difference.mine) continue;
    const privileges = statements.get(frame(difference, role)) ?? [];
    statements.set(frame(difference, role), [...privileges, difference.privilege]);
  }
  for (const [statement, privileges] of statements)
    await sql.execute(statement.replace('%', privileges.join(', ')));
}

/** The statement that mends it, with % for the privileges. */
function frame({ kind, name, grantee, wanted }: GrantDifference, role: string): string {
  const whose = grantee === 'PUBLIC' ? 'PUBLIC' : pg.escapeIdentifier(role);
  return `${wanted ? 'GRANT' : 'REVOKE'} %${target(kind, name)} ${wanted ? 'TO' : 'FROM'} ${whose}`;
}

function target(kind: GrantDifference['kind'], name: string): string {
  if (kind === 'COLUMN') {
    const dot = name.lastIndexOf('.');
    return ` (${pg.escapeIdentifier(name.slice(dot + 1))}) ON TABLE ${pg.escapeIdentifier(name.slice(0, dot))}`;
  }
  return ` ON ${kind} ${kind === 'FUNCTION' ? name : pg.escapeIdentifier(name)}`;
}
