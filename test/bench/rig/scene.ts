import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hash } from '@node-rs/argon2';
import { idOf, METHOD, plantAdminTokens, plantPeople, plantSeeds, plantServiceTokens } from './people.ts';
import { type BenchPostgres, builtPlatform } from './postgres.ts';
import { type Side, startServer } from './side.ts';

export const PASSWORD = 'plum-orbit-velvet-93';
export const POOL = '10';
const ROOT = 'root-token-of-the-benchmarks-0123456789';

/** A database with everybody in it, and the settings of a server over it. */
export interface Scene {
  database: string;
  settings: Record<string, string>;
  /** The people who owe a code, in the number of their seeds. */
  seeds: Buffer[];
  /** Of `userpass/`, whose people owe a code, and of `plain/`, whose people owe nothing. */
  mounts: { owing: string; plain: string };
  passwordHash: string;
}

export interface SceneSize {
  /** People who owe a code at `userpass/` and `/admin`. */
  owing: number;
  /** People of `plain/`. */
  plain: number;
  /** Live tokens of `/v1` and of `/admin`. */
  tokens: number;
}

/** Makes a database by a first start of the server, and plants people, authenticators and tokens by SQL. */
export async function makeScene(postgres: BenchPostgres, database: string, size: SceneSize): Promise<Scene> {
  await postgres.create(database);
  const keyFile = join(postgres.folder, `${database}.key`);
  writeFileSync(keyFile, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const settings = {
    DATABASE_URL: postgres.url(database),
    SALLYPORT_MASTER_KEY_FILE: keyFile,
    SALLYPORT_DATA_DIR: postgres.folder,
    SALLYPORT_ADMIN_PASSWORD: 'correct horse battery staple',
    SALLYPORT_ROOT_TOKEN: ROOT,
    SALLYPORT_DATABASE_POOL: POOL,
    SALLYPORT_LOG_LEVEL: 'warn',
  };
  const server = await startServer(settings);
  const mounts = await attachMounts(server, postgres, database);
  await server.stop();

  const passwordHash = await hash(PASSWORD, { memoryCost: 19_456, timeCost: 2, parallelism: 1 });
  const seeds = Array.from({ length: size.owing }, () => randomBytes(20));
  await plantPeople(postgres, database, {
    kind: 'owing',
    count: size.owing,
    provider: mounts.providers.owing,
    passwordHash,
  });
  await plantPeople(postgres, database, {
    kind: 'plain',
    count: size.plain,
    provider: mounts.providers.plain,
    passwordHash,
  });
  await plantSeeds(postgres, database, 'owing', await sealed(postgres.url(database), keyFile, seeds));
  await plantServiceTokens(postgres, database, { kind: 'plain', count: size.tokens, mount: mounts.plain });
  await plantAdminTokens(postgres, database, size.tokens);
  await postgres.rows(database, 'VACUUM ANALYZE');
  return { database, settings, seeds, mounts, passwordHash };
}

/** Two mounts; whoever signs in at the first, or at `/admin`, owes a code. */
async function attachMounts(server: Side, postgres: BenchPostgres, database: string) {
  const write = async (path: string, body: object): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${server.port}/v1/${path}`, {
      method: 'POST',
      headers: { 'x-vault-token': ROOT },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  };
  await write('sys/auth/userpass', { type: 'userpass' });
  await write('sys/auth/plain', { type: 'userpass' });
  const found = await postgres.rows<{ path: string; id: string; accessor: string; provider: string }>(
    database,
    `SELECT path, id, accessor, identity_provider_id AS provider FROM auth_mounts WHERE path IN ('userpass', 'plain')`,
  );
  const [owing, plain] = [
    found.find(({ path }) => path === 'userpass')!,
    found.find(({ path }) => path === 'plain')!,
  ];
  await write('identity/mfa/login-enforcement/everybody', {
    mfa_method_ids: [METHOD],
    auth_method_accessors: [owing.accessor],
  });
  await postgres.rows(database, 'UPDATE admin_mfa_settings SET provider_id = $1', [METHOD]);
  return { owing: owing.id, plain: plain.id, providers: { owing: owing.provider, plain: plain.provider } };
}

/** Seals the seeds as the server would, by its own keyring. */
async function sealed(url: string, keyFile: string, seeds: readonly Buffer[]): Promise<Buffer[]> {
  const { Clock, createDataSource, Database, DataKeys, KeyLimits, Keyring, readMasterKey } =
    await builtPlatform();
  const dataSource = createDataSource({ url, poolSize: 2, entities: [] });
  await dataSource.initialize();
  const dataKeys = new DataKeys(
    new Database(dataSource),
    readMasterKey(keyFile),
    new Clock(),
    new KeyLimits(),
  );
  const keyring = new Keyring(dataKeys);
  const place = (number: number) => ({
    table: 'totp_enrollments',
    column: 'sealed_seed',
    row: `${METHOD}/${idOf('owing-person', number)}`,
  });
  const done = await Promise.all(seeds.map((seed, index) => keyring.seal(seed, place(index + 1))));
  await dataSource.destroy();
  return done;
}
