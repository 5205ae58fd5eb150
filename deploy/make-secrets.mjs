import { randomBytes, randomInt } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { ensureCertificate } from '../dist/apps/server/src/http/front/self-signed-certificate.js';

/**
 * Makes the secrets of the compose stack, once, in a folder for each service that reads them. All of them or none: where some are there and some
 * are missing the stack stops, because a master key made anew would open nothing that is in the database (S67). Certificates that are about
 * to end are made anew.
 */
const [, , folder = '/secrets'] = process.argv;
const password = () => randomBytes(24).toString('base64url');
const [administrator, owner, server, grafana, radius] = Array.from({ length: 5 }, password);
// Checked by name (S84): the certificate of the stack's own PostgreSQL is its own authority.
const url = (role, secret) =>
  `postgres://${role}:${secret}@postgres:5432/sallyport?sslmode=verify-full&sslrootcert=${folder}/server/postgres.pem`;

const secrets = {
  'server/master.key': `${randomBytes(32).toString('base64')}\n`,
  'server/database.url': url('sallyport', server),
  'owner/database.url': url('sallyport_owner', owner),
  'postgres/administrator.password': administrator,
  'postgres/owner.password': owner,
  'postgres/server.password': server,
  'radius/clients.conf': `client sallyport {\n  ipaddr = *\n  secret = "${radius}"\n  require_message_authenticator = yes\n}\n`,
  'radius/secret': radius,
  'radius/users': `rita Cleartext-Password := "${String(randomInt(1_000_000)).padStart(6, '0')}"\n`,
  'grafana/password': grafana,
};

const names = Object.keys(secrets);
const missing = names.filter((name) => !existsSync(join(folder, name)));
if (missing.length === names.length) {
  for (const [name, secret] of Object.entries(secrets)) write(name, secret, 0o600);
  console.log(`secrets made: ${names.join(', ')}`);
} else if (missing.length > 0) {
  console.error(`these secrets are gone, put them back from your backup: ${missing.join(', ')}`);
  process.exit(1);
}

const now = new Date();
await ensureCertificate(join(folder, 'proxy'), process.env.SALLYPORT_PUBLIC_HOST || 'localhost', now);
await ensureCertificate(join(folder, 'postgres'), 'postgres', now);
const authority = join(folder, 'server/postgres.pem');
const certificate = readFileSync(join(folder, 'postgres/tls/cert.pem'), 'utf8');
if (!existsSync(authority) || readFileSync(authority, 'utf8') !== certificate)
  write('server/postgres.pem', certificate, 0o644);

function write(name, text, mode) {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, text, { mode });
  chmodSync(file, mode);
}
