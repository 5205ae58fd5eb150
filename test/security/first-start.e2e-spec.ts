import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LoggerService } from '@nestjs/common';
import { readConfig } from '@sallyport/platform';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { RunningServer } from '../../apps/server/src/http/create-app.js';
import { bootstrapFile } from '../../apps/server/src/start/bootstrap-file.js';
import { startServer } from '../../apps/server/src/start/start-server.js';
import { AppgateClient } from '../support/appgate-client.js';
import { dumpOfActs } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { databaseSettings } from '../support/test-server.js';
import { VaultClient } from '../support/vault-client.js';

const REPLICAS = 5;

let database: TestDatabase;
let folder: string;
let pool: pg.Pool;
const logged: string[] = [];
const logger: LoggerService = { log: keep, error: keep, warn: keep, debug: keep, verbose: keep, fatal: keep };

function keep(...lines: unknown[]): void {
  logged.push(lines.map(String).join(' '));
}

beforeAll(async () => {
  database = await createTestDatabase();
  pool = new pg.Pool({ connectionString: database.url, max: 2 });
  pool.on('connect', (client) => client.on('error', () => undefined));
  folder = mkdtempSync(join(tmpdir(), 'sallyport-first-'));
  writeFileSync(join(folder, 'master.key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
});
afterAll(async () => {
  await pool.end();
  await database.drop();
  rmSync(folder, { recursive: true });
});

function start(replica: number, settings: Record<string, string> = {}): Promise<RunningServer> {
  const config = readConfig({
    PORT: '0',
    TLS_PORT: 'off',
    ...databaseSettings(database.url),
    SALLYPORT_DATABASE_POOL: '4',
    SALLYPORT_MASTER_KEY_FILE: join(folder, 'master.key'),
    SALLYPORT_DATA_DIR: dataDirectory(replica),
    SALLYPORT_FAILURE_FLOOR_MS: '0',
    ...settings,
  });
  return startServer(config, { logger });
}

function dataDirectory(replica: number): string {
  return join(folder, `replica-${replica}`);
}

function urlOf(server: RunningServer): string {
  return `http://127.0.0.1:${server.listeners.addresses[0]!.port}`;
}

it('S56 five replicas started at once on an empty database make one administrator and one file that works', async () => {
  const servers = await Promise.all(Array.from({ length: REPLICAS }, (_, replica) => start(replica)));
  const files = servers
    .map((_, replica) => bootstrapFile(dataDirectory(replica)))
    .filter((file) => existsSync(file));
  expect(files).toHaveLength(1);
  expect(statSync(files[0]!).mode & 0o777).toBe(0o600);
  const made = JSON.parse(readFileSync(files[0]!, 'utf8'));
  expect(made).toEqual({
    admin: { providerName: 'local', username: 'admin', password: expect.stringMatching(/^[\w-]{24}$/) },
    rootToken: expect.stringMatching(/^hvs\.[0-9A-Za-z]{43}$/),
  });
  const { rows } =
    await pool.query(`SELECT (SELECT count(*)::int FROM local_users) AS users, (SELECT count(*)::int FROM tokens) AS tokens,
    (SELECT count(*)::int FROM audit_events WHERE action = 'installation.made') AS events`);
  expect(rows).toEqual([{ users: 1, tokens: 1, events: 1 }]);
  for (const server of servers) {
    await expecting(200, new AppgateClient(urlOf(server)).logIn('admin', made.admin.password));
    await expecting(200, new VaultClient(urlOf(server), made.rootToken).read('auth/token/lookup-self'));
  }
  for (const guess of ['admin', 'password', 'sallyport', 'changeme', '']) {
    const { status } = await new AppgateClient(urlOf(servers[0]!)).logIn('admin', guess);
    expect([guess, [401, 422, 429].includes(status)]).toEqual([guess, true]);
  }
  await Promise.all(servers.map((server) => server.stop(0, 0)));
  const text = logged.join('\n');
  expect(text).not.toContain(made.admin.password);
  expect(text).not.toContain(made.rootToken);
});

it('S56 a second start writes nothing and changes nothing', async () => {
  const files = () =>
    Array.from({ length: REPLICAS + 1 }, (_, replica) => {
      const file = bootstrapFile(dataDirectory(replica));
      return existsSync(file) ? [statSync(file).mtimeMs, readFileSync(file, 'utf8')] : null;
    });
  const before = files();
  const rows = [...(await dumpOfActs(pool))];
  for (const replica of [0, REPLICAS]) await (await start(replica)).stop(0, 0);
  await (
    await start(0, { SALLYPORT_ADMIN_PASSWORD: 'another pass phrase', SALLYPORT_ROOT_TOKEN: 'x'.repeat(40) })
  ).stop(0, 0);
  expect(files()).toEqual(before);
  expect([...(await dumpOfActs(pool))]).toEqual(rows);
});

it('S56 a given password that S01 or S03 refuses stops the first start, and nothing is made', async () => {
  const empty = await createTestDatabase();
  try {
    for (const password of ['short', 'password1', 'adminadmin', 'x'.repeat(257)]) {
      const starting = start(9, { ...databaseSettings(empty.url), SALLYPORT_ADMIN_PASSWORD: password });
      await expect(starting).rejects.toThrow(/^SALLYPORT_ADMIN_PASSWORD: /);
      await expect(starting).rejects.not.toThrow(password);
    }
    expect(existsSync(bootstrapFile(dataDirectory(9)))).toBe(false);
    const client = new pg.Client({ connectionString: empty.url });
    await client.connect();
    expect(
      (await client.query('SELECT 1 FROM local_users UNION ALL SELECT 1 FROM installation')).rows,
    ).toEqual([]);
    await client.end();
  } finally {
    await empty.drop();
  }
});

it('S01 the start says where passwords may be too short, and advises 15 while no second factor is enforced', async () => {
  const said = async (): Promise<string[]> => {
    logged.length = 0;
    await (await start(7)).stop(0, 1_000);
    return logged
      .filter((line) => line.includes('passwords of'))
      .map((line) => line.replace(/ Passwords$/, ''));
  };
  const advice = 'no second factor is enforced: passwords of at least 15 characters are advised';
  expect(await said()).toEqual([advice]);
  await pool.query(`UPDATE identity_providers SET min_password_length = 6 WHERE name = 'local'`);
  expect(await said()).toEqual(['"local" takes passwords of fewer than 8 characters (6)', advice]);
  await pool.query(`UPDATE admin_mfa_settings SET provider_id = (SELECT id FROM mfa_methods LIMIT 1)`);
  await pool.query(`UPDATE identity_providers SET min_password_length = 15`);
  expect(await said()).toEqual([]);
});
