import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ChildServer } from '../support/child-server.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { databaseSettings } from '../support/test-server.js';

// Each start is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 60_000 });

let server: Sallyport;
let folder: string;
let settings: Record<string, string>;
const taken = createServer();

beforeAll(async () => {
  server = await startSallyport();
  folder = mkdtempSync(join(tmpdir(), 'sallyport-refused-'));
  settings = {
    ...databaseSettings(server.databaseUrl),
    SALLYPORT_MASTER_KEY_FILE: server.masterKeyFile,
    SALLYPORT_ACCEPT_UNSAFE_DATABASE: 'fsync,full_page_writes,synchronous_commit,tls',
    SALLYPORT_LOG_LEVEL: 'warn',
  };
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  taken.close();
  rmSync(folder, { recursive: true, force: true });
  await server?.stop();
});

/** What the start ends with, after the words that say so. */
async function reason(change: Record<string, string>, dataFolder = join(folder, 'data')): Promise<string> {
  const { code, words } = await ChildServer.refusal(dataFolder, { ...settings, ...change });
  expect([code, words]).toEqual([1, expect.stringMatching(/^Sallyport cannot start:\n[^\n]+\n$/)]);
  return words.split('\n')[1]!;
}

it('S97 a port or an address that is not to be had is one sentence with its setting', async () => {
  const port = String((taken.address() as AddressInfo).port);
  for (const setting of ['PORT', 'TLS_PORT', 'METRICS_PORT'])
    expect(await reason({ [setting]: port })).toBe(
      `${setting}: something else listens at this port already (EADDRINUSE)`,
    );
  const elsewhere = { HOST: '203.0.113.7', PORT: 'off', TLS_PORT: '0' };
  expect(await reason(elsewhere)).toBe('HOST: is no address of this machine (EADDRNOTAVAIL)');
});

it('S97 a list of breached passwords that cannot be used is one sentence with its setting', async () => {
  const list = join(folder, 'list');
  writeFileSync(list, 'password123\n');
  expect(await reason({ SALLYPORT_BREACHED_PASSWORDS_FILE: list })).toBe(
    'SALLYPORT_BREACHED_PASSWORDS_FILE: the file does not begin with a SHA-1 in hex',
  );
  expect(await reason({ SALLYPORT_BREACHED_PASSWORDS_FILE: join(folder, 'none') })).toBe(
    'SALLYPORT_BREACHED_PASSWORDS_FILE: the file cannot be read (ENOENT)',
  );
});

it('S97 a database that is not to be had is one sentence with its setting, what to look at, and nothing of the URL', async () => {
  const one = (DATABASE_URL: string) => reason({ DATABASE_URL, SALLYPORT_MIGRATION_DATABASE_URL: '' });
  expect(await one('postgres://u:secret@127.0.0.1:1/x')).toBe(
    'DATABASE_URL: it does not answer (ECONNREFUSED). See that PostgreSQL runs and listens where the URL leads.',
  );
  expect(await one(server.databaseUrl.replace('://sallyport@', '://nobody_of_that_name@'))).toBe(
    'DATABASE_URL: it does not let the role in (28000). See the name and the password in the URL, and pg_hba.conf.',
  );
  const missing = server.databaseUrl.replace(/\/[^/?]+\?/, '/no_such_database?');
  expect(await one(missing)).toBe(
    'DATABASE_URL: there is no such database (3D000). Create it, or name another one.',
  );
  expect(await reason({ SALLYPORT_MIGRATION_DATABASE_URL: missing })).toBe(
    'SALLYPORT_MIGRATION_DATABASE_URL: there is no such database (3D000). Create it, or name another one.',
  );
  expect(await one('postgres://u@127.0.0.1/x?sslmode=verify-full&sslrootcert=/nowhere/ca.pem')).toBe(
    'DATABASE_URL: a file its URL names cannot be read (ENOENT). See sslrootcert, sslcert and sslkey in the URL.',
  );
});

it('S97 a data folder that cannot be used is one sentence with its setting', async () => {
  const file = join(folder, 'file');
  writeFileSync(file, '');
  const embedded = {
    DATABASE_URL: '',
    SALLYPORT_MIGRATION_DATABASE_URL: '',
    SALLYPORT_MASTER_KEY_FILE: '',
  };
  const inItsPlace = 'SALLYPORT_DATA_DIR: must be a folder, and there is a file in its place';
  expect(await reason(embedded, file)).toBe(inItsPlace);
  expect(await reason({ TLS_PORT: '0' }, file)).toBe(inItsPlace);
  const tls = join(folder, 'data/tls');
  mkdirSync(tls, { recursive: true });
  for (const name of ['cert.pem', 'key.pem']) writeFileSync(join(tls, name), 'none');
  expect(await reason({ TLS_PORT: '0' })).toBe(
    'SALLYPORT_DATA_DIR: cert.pem and key.pem in its folder tls are no PEM certificate with its key',
  );
});
