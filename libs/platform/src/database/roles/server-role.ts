import pg from 'pg';
import { ADVISORY_LOCKS } from '../advisory-locks.js';
import { scramVerifier } from './scram-verifier.js';
import { serverPasswordOf, serverRoleOf, urlAs } from './role-url.js';

const PATIENCE_MS = 5_000;

export interface ServerRole {
  name: string;
  /** Signs in as it. */
  url: string;
}

/**
 * Signs in as the server's role of the owner's database, as made by an earlier start.
 * @returns null where there is none, or it does not let us in.
 */
export async function findServerRole(ownerUrl: string): Promise<ServerRole | null> {
  return withClient(ownerUrl, async (owner) => {
    const role = await roleOf(owner, ownerUrl);
    return (await letsIn(role)) ? role : null;
  });
}

/**
 * The server's role of the owner's database, made where it is missing: it may sign in, owns nothing and is in no other role.
 * @returns the role, or in a few words why there is none.
 */
export async function ensureServerRole(ownerUrl: string): Promise<ServerRole | { refused: string }> {
  return withClient(ownerUrl, async (owner) => {
    const role = await roleOf(owner, ownerUrl);
    if (await letsIn(role)) return role;
    await owner.query('SELECT pg_advisory_lock($1)', [ADVISORY_LOCKS.migration]);
    try {
      await makeRole(owner, role.name, serverPasswordOf(ownerUrl, role.name));
    } catch (error) {
      return { refused: (error as Error).message };
    } finally {
      await owner.query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCKS.migration]);
    }
    if (await letsIn(role)) return role;
    return { refused: `PostgreSQL does not let the role ${role.name} in` };
  });
}

async function roleOf(owner: pg.Client, ownerUrl: string): Promise<ServerRole> {
  const { rows } = await owner.query<{ database: string }>('SELECT current_database() AS database');
  const name = serverRoleOf(rows[0]!.database);
  return { name, url: urlAs(ownerUrl, name, serverPasswordOf(ownerUrl, name)) };
}

/** Makes it, or gives the one that is ours the present password: the owner's was changed. */
async function makeRole(owner: pg.Client, name: string, password: string | null): Promise<void> {
  const { rows } = await owner.query<{
    database: string;
    schema: string;
    remark: string | null;
    there: boolean;
  }>(
    `SELECT current_database() AS database, current_schema() AS schema, r.oid IS NOT NULL AS there,
       shobj_description(r.oid, 'pg_authid') AS remark
     FROM (SELECT 1) one LEFT JOIN pg_roles r ON r.rolname = $1`,
    [name],
  );
  const { database, schema, remark, there } = rows[0]!;
  const mark = `The role Sallyport's server made for itself in the database ${database}.`;
  if (there && remark !== mark) throw new Error(`there is a role ${name} that Sallyport did not make`);
  const role = pg.escapeIdentifier(name);
  const secret = password === null ? 'NULL' : pg.escapeLiteral(scramVerifier(password));
  await owner.query('BEGIN');
  try {
    await owner.query(`${there ? 'ALTER' : 'CREATE'} ROLE ${role} LOGIN PASSWORD ${secret}`);
    await owner.query(`COMMENT ON ROLE ${role} IS ${pg.escapeLiteral(mark)}`);
    // Where the owner's tables stand elsewhere, the server looks there too.
    if (schema !== 'public')
      await owner.query(
        `ALTER ROLE ${role} IN DATABASE ${pg.escapeIdentifier(database)} SET search_path = ${pg.escapeIdentifier(schema)}`,
      );
    await owner.query('COMMIT');
  } catch (error) {
    await owner.query('ROLLBACK');
    throw error;
  }
}

async function letsIn({ name, url }: ServerRole): Promise<boolean> {
  try {
    return await withClient(url, async (client) => {
      const { rows } = await client.query<{ name: string }>('SELECT session_user AS name');
      return rows[0]?.name === name;
    });
  } catch {
    return false;
  }
}

async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: PATIENCE_MS,
    application_name: 'sallyport',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
