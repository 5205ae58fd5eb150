import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LauncherCopy } from '../../../../../test/support/launcher-copy.js';
import { findAccount } from './account.js';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.js';

let folder: string;
let dataDirectory: string;
const running: EmbeddedPostgres[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-spec-'));
  dataDirectory = join(folder, 'data');
});

afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function start(settings: Record<string, string> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDirectory, durable: true, settings });
  running.push(server);
  return server;
}

async function ask(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>({ text })).rows;
  } finally {
    await client.end();
  }
}

async function askUntilAnswered(url: string, text: string): Promise<unknown[]> {
  for (let left = 200; ; left -= 1) {
    try {
      return await ask(url, text);
    } catch (failure) {
      if (left === 0) throw failure;
      await pause(50);
    }
  }
}

async function postmaster(): Promise<number> {
  return Number.parseInt(await readFile(join(dataDirectory, 'postgres/postmaster.pid'), 'utf8'), 10);
}

/** The server alone, whose sessions then linger a moment, or all of it at once, as a power cut would. */
async function killServer(whole: boolean): Promise<void> {
  const pid = await postmaster();
  process.kill(whole ? -pid : pid, 'SIGKILL');
}

describe('the embedded PostgreSQL', () => {
  it('gives the application a database of its own and no power over the server', async () => {
    const { url } = await start();
    expect(
      await ask(
        url,
        `SELECT current_user AS me, rolsuper, rolcreatedb, rolcreaterole, current_database() AS database,
                current_setting('server_encoding') AS encoding, current_setting('fsync') AS fsync
           FROM pg_roles WHERE rolname = current_user`,
      ),
    ).toEqual([
      {
        me: 'sallyport',
        rolsuper: false,
        rolcreatedb: false,
        rolcreaterole: false,
        database: 'sallyport',
        encoding: 'UTF8',
        fsync: 'on',
      },
    ]);
  });

  it('listens on no network address and lets nobody else into its folder', async () => {
    const { url } = await start();
    expect(await ask(url, 'SHOW listen_addresses')).toEqual([{ listen_addresses: '' }]);
    expect((await stat(dataDirectory)).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDirectory, 'postgres'))).mode & 0o777).toBe(0o700);
    expect((await stat(join(dataDirectory, 'postgres/.s.PGSQL.5432'))).mode & 0o777).toBe(0o700);
  });

  it('finds its data at the second start and leaves no process behind at the end', async () => {
    const first = await start();
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    const pid = await postmaster();
    await Promise.all([first.stop(), first.stop()]);
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    await expect(access(join(dataDirectory, 'postgres/postmaster.pid'))).rejects.toThrow('ENOENT');

    const second = await start();
    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
  });

  it('comes back after kill -9 of the server without a row that was acknowledged missing', async () => {
    const { url } = await start();
    await ask(url, 'CREATE TABLE acknowledged (n int PRIMARY KEY)');
    const acknowledged: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const writer = new pg.Client({ connectionString: url });
      writer.on('error', () => {});
      await writer.connect();
      setTimeout(() => void killServer(round % 2 === 0), 150);
      for (let n = round * 100_000; ; n += 1) {
        try {
          await writer.query('INSERT INTO acknowledged VALUES ($1)', [n]);
          acknowledged.push(n);
        } catch {
          break;
        }
      }
      const rows = (await askUntilAnswered(url, 'SELECT n FROM acknowledged')) as { n: number }[];
      const found = new Set(rows.map(({ n }) => n));
      expect(acknowledged.filter((n) => !found.has(n))).toEqual([]);
    }
    expect(acknowledged.length).toBeGreaterThan(10);
  });

  it('still owns the directory after the server dropped all sessions because one crashed', async () => {
    const { url } = await start();
    const pid = await postmaster();
    const crashing = new pg.Client({ connectionString: url });
    crashing.on('error', () => {});
    await crashing.connect();
    const { rows } = await crashing.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    process.kill(rows[0]!.pid, 'SIGKILL');

    await pause(1_000);
    expect(await askUntilAnswered(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await postmaster()).toBe(pid);
    await expect(start()).rejects.toThrow('is in use by a running Sallyport');
  });

  it('says what PostgreSQL said when it does not start', async () => {
    await expect(start({ max_connections: 'many' })).rejects.toThrow(
      /^The embedded PostgreSQL does not start:\n[^]*invalid value for parameter "max_connections": "many"/,
    );
  });

  it('starts although the process id in its lock file belongs to something else by now', async () => {
    const first = await start();
    await ask(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    const lock = await readFile(join(dataDirectory, 'postgres/postmaster.pid'), 'utf8');
    await first.stop();
    const account = await findAccount(join(dataDirectory, 'postgres'));
    const stranger = spawn('sleep', ['60'], { ...account });
    await once(stranger, 'spawn');
    await writeFile(
      join(dataDirectory, 'postgres/postmaster.pid'),
      lock.replace(/^\d+/, String(stranger.pid)),
    );

    const second = await start();
    expect(await ask(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    stranger.kill();
  });

  it('works at a path longer than a socket address may be, and tidies up after itself', async () => {
    dataDirectory = join(folder, 'x'.repeat(60), 'y'.repeat(60), 'data with a space & an umlaut ü');
    const server = await start();
    expect(await ask(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(server.socketDirectory.length).toBeLessThan(90);
    await server.stop();
    await expect(access(server.socketDirectory)).rejects.toThrow('ENOENT');
  });

  it('makes one cluster when two start at once on an empty directory, and one of them owns it', async () => {
    const outcomes = await Promise.allSettled([start(), start()]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await ask(running[0]!.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await readdir(dataDirectory)).toEqual(['postgres']);
  });
});

describe('the owner of a data directory', () => {
  it('refuses a second process, and says who has it', async () => {
    await start();
    const { answer } = await (await LauncherCopy.make(join(folder, 'app'), 'installed')).run(dataDirectory);
    expect(answer).toBe(
      `The data directory ${dataDirectory} is in use by a running Sallyport (process ${process.pid}). ` +
        'Stop it first, give this one a directory of its own, or let both use one PostgreSQL through DATABASE_URL.',
    );
  });

  it('is followed, when killed, by the next one, who adopts the running server and ends it', async () => {
    const launcher = await LauncherCopy.make(join(folder, 'app'), 'installed');
    const { child, answer } = await launcher.run(dataDirectory);
    expect(answer).toBe('owner');
    const pid = await postmaster();
    child.kill('SIGKILL');
    await once(child, 'exit');

    const lines: string[] = [];
    const heir = await startEmbeddedPostgres({
      dataDirectory,
      durable: true,
      log: (line) => lines.push(line),
    });
    running.push(heir);
    expect(lines).toEqual([`adopted the PostgreSQL found running (process ${pid})`]);
    expect(await postmaster()).toBe(pid);
    await heir.stop();
    await expect(access(join(dataDirectory, 'postgres/postmaster.pid'))).rejects.toThrow('ENOENT');
  });

  it('restarts a server found running with other settings', async () => {
    const launcher = await LauncherCopy.make(join(folder, 'app'), 'installed');
    const { child } = await launcher.run(dataDirectory, 'fsync=off');
    child.kill('SIGKILL');
    await once(child, 'exit');

    const { url } = await start();
    expect(await ask(url, 'SHOW fsync')).toEqual([{ fsync: 'on' }]);
  });
});

describe('the binaries', () => {
  it('are made to run after an install without install scripts', async () => {
    const launcher = await LauncherCopy.make(join(folder, 'app'), 'without install scripts');
    await chmod(folder, 0o755);
    const { child, answer } = await launcher.run(dataDirectory);
    expect(answer).toBe('owner');
    child.kill('SIGKILL');
    await once(child, 'exit');
    await start();
  });
});

describe.runIf(process.platform === 'linux' && process.getuid?.() === 0)('as root', () => {
  it('runs PostgreSQL as somebody else, in a folder that one cannot reach by its path', async () => {
    const home = join(folder, 'home');
    await mkdir(home, { mode: 0o700 });
    dataDirectory = join(home, 'checkout/data');
    const { url } = await start();
    expect(await ask(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    const { uid } = await stat(join(dataDirectory, 'postgres'));
    expect(uid).not.toBe(0);
    expect((await stat(`/proc/${await postmaster()}`)).uid).toBe(uid);
    expect((await stat(dataDirectory)).uid).toBe(0);
  });
});
