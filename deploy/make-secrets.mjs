import { randomBytes } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes the secrets of the local stack, once: the master key and the database's password, each in a file of its own that only its
 * owner may read. All of them or none: where some are there and some are missing the stack stops, because a master key made anew
 * would open nothing that is in the database (S67).
 */
const [, , folder = '/secrets'] = process.argv;
const password = randomBytes(24).toString('base64url');
const secrets = {
  'master.key': `${randomBytes(32).toString('base64')}\n`,
  'database.password': password,
  'database.url': `postgres://sallyport:${password}@postgres:5432/sallyport`,
};

const names = Object.keys(secrets);
const missing = names.filter((name) => !existsSync(join(folder, name)));
if (missing.length === names.length) {
  for (const [name, secret] of Object.entries(secrets))
    writeFileSync(join(folder, name), secret, { mode: 0o600, flag: 'wx' });
  console.log(`secrets made: ${names.join(', ')}`);
} else if (missing.length > 0) {
  console.error(`these secrets are gone, put them back from your backup: ${missing.join(', ')}`);
  process.exitCode = 1;
}
