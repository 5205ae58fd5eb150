import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { build } from '../../tools/build.js';
import { readComposeFile } from '../support/compose-file.js';
import { ChildServer } from '../support/child-server.js';
import { OperatorConsole } from '../support/operator-console.js';
import { PostgresCluster } from '../support/postgres-cluster.js';
import { PostgresOverTls } from '../support/postgres-over-tls.js';
import { expecting } from '../support/send.js';
import { VaultClient } from '../support/vault-client.js';

const ROOT = join(import.meta.dirname, '../..');
const PSQL = spawnSync('psql', ['--version'], { stdio: 'ignore' }).status === 0;

/** From the secrets to a server that is ready, as the compose stack's services do it one after the other, on one PostgreSQL behind TLS. */
describe.skipIf(!PSQL)(`the stack's database${PSQL ? '' : ' (skipped: psql is not installed)'}`, () => {
  const stack = readComposeFile();
  let folder: string;
  let cluster: PostgresCluster;
  let tls: PostgresOverTls;

  beforeAll(async () => {
    if (!existsSync(join(ROOT, 'dist/apps/server'))) build();
    folder = mkdtempSync(join(tmpdir(), 'stack-database-'));
    spawnSync(process.execPath, [join(ROOT, 'deploy/make-secrets.mjs'), folder]);
    cluster = await PostgresCluster.start();
    // As an empty volume: without what the tests' own PostgreSQL begins with.
    await cluster.asSuperuser(async (client) => {
      await client.query('DROP DATABASE IF EXISTS sallyport WITH (FORCE)');
      const { rows } = await client.query<{ name: string }>(
        `SELECT quote_ident(rolname) AS name FROM pg_roles WHERE rolname LIKE 'sallyport%'`,
      );
      for (const { name } of rows) await client.query(`DROP ROLE ${name}`);
    });
    const script = join(folder, 'roles.sql');
    writeFileSync(
      script,
      readFileSync(join(ROOT, 'deploy/postgres/roles.sql'), 'utf8').replaceAll('/secrets/', `${folder}/`),
    );
    // As the image's entry point runs what lies in /docker-entrypoint-initdb.d.
    const made = spawnSync(
      'psql',
      [
        '--no-psqlrc',
        '-v',
        'ON_ERROR_STOP=1',
        '-h',
        cluster.directory,
        '-U',
        'postgres',
        '-d',
        'postgres',
        '-f',
        script,
      ],
      { encoding: 'utf8' },
    );
    expect([made.status, made.stderr]).toEqual([0, '']);
    const read = (name: string) => readFileSync(join(folder, 'postgres/tls', name), 'utf8');
    tls = await PostgresOverTls.start(cluster.url, { cert: read('cert.pem'), key: read('key.pem') });
    for (const name of ['server/database.url', 'owner/database.url']) {
      const url = readFileSync(join(folder, name), 'utf8');
      writeFileSync(join(folder, name), url.replace('@postgres:5432', `@localhost:${tls.port}`));
    }
  });
  afterAll(async () => {
    tls?.close();
    await cluster?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  /** The service's environment, with this machine's addresses and folders. */
  function settingsOf(service: string): Record<string, string> {
    const { environment = {} } = stack.services[service]!;
    const filled = Object.entries(environment).map(([name, value]) => [
      name,
      value.replace(/^\/secrets/, folder),
    ]);
    return {
      ...(Object.fromEntries(filled) as Record<string, string>),
      HOST: '127.0.0.1',
      PORT: '0',
      METRICS_PORT: 'off',
      SALLYPORT_DATA_DIR: join(folder, 'data'),
    };
  }

  it('S96 has the owner migrate, and the servers sign in as a role that may not', async () => {
    const migrated = await new OperatorConsole(settingsOf('migrate')).run(['migrate']);
    expect([migrated.code, migrated.errors]).toEqual([0, '']);
    expect(migrated.words).not.toContain('The server has no role of its own');

    const server = await ChildServer.start(join(folder, 'data'), settingsOf('server-1'));
    expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
    const { rootToken } = JSON.parse(readFileSync(join(folder, 'data/bootstrap.json'), 'utf8')) as {
      rootToken: string;
    };
    await expecting(200, new VaultClient(server.url, rootToken).read('auth/token/lookup-self'));
    const roles = await cluster.rows<{ usename: string }>(
      `SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'sallyport' AND usename <> 'postgres'`,
    );
    expect(roles).toEqual([{ usename: 'sallyport' }]);
    server.signal('SIGINT');
    expect(await server.ended()).toBe(0);
  }, 90_000);

  it('S96 gives the role of the servers nothing beyond its list, by the doctor of the console', async () => {
    const doctor = await new OperatorConsole(settingsOf('migrate')).run(['doctor', '--json']);
    expect(doctor.data.findings).toContainEqual({
      check: 'roles',
      state: 'ok',
      message: 'the server works as sallyport, which may do what it must and no more',
    });
  });

  it('S84 is reached over TLS alone', () => {
    expect([tls.plain, tls.passed > 0]).toEqual([0, true]);
  });

  it('S67 stores the passwords of both roles as verifiers', async () => {
    const roles = await cluster.rows(
      `SELECT rolname, rolsuper, rolcreaterole, rolcreatedb, rolpassword LIKE 'SCRAM-SHA-256$%' AS scram
       FROM pg_authid WHERE rolname LIKE 'sallyport%' ORDER BY rolname`,
    );
    const plain = { rolsuper: false, rolcreaterole: false, rolcreatedb: false, scram: true };
    expect(roles).toEqual([
      { rolname: 'sallyport', ...plain },
      { rolname: 'sallyport_owner', ...plain },
    ]);
  });
});
