import { createHash, hkdfSync } from 'node:crypto';
import pg from 'pg';

/** The longest name PostgreSQL keeps. */
const LONGEST = 63;
const SUFFIX = '_server';

/** The role the server makes for itself: roles belong to the whole cluster, so it is named after the database, of which there is one. */
export function serverRoleOf(database: string): string {
  const name = `${database}${SUFFIX}`;
  if (Buffer.byteLength(name) <= LONGEST) return name;
  return `sallyport_${createHash('sha256').update(database).digest('hex').slice(0, 16)}${SUFFIX}`;
}

/**
 * The password of that role: every replica has it from the owner's, nobody has the owner's from it.
 * @returns null where the owner has none (trust, peer, certificates): then the role has none either.
 */
export function serverPasswordOf(ownerUrl: string, role: string): string | null {
  const { password } = new pg.Client({ connectionString: ownerUrl });
  if (typeof password !== 'string' || password === '') return null;
  const key = hkdfSync('sha256', password, '', `sallyport server role ${role}`, 32);
  return Buffer.from(key).toString('base64url');
}

/** The same place, signed in to by somebody else: what stands last in a connection string counts. */
export function urlAs(url: string, user: string, password: string | null): string {
  const secret = password === null ? '' : `&password=${encodeURIComponent(password)}`;
  return `${url}${url.includes('?') ? '&' : '?'}user=${encodeURIComponent(user)}${secret}`;
}
