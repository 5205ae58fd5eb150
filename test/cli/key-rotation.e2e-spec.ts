import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Keyring, mustOpenDataKeys, Database, readConfig, readMasterKey } from '@sallyport/platform';
import { seedPlace } from '@sallyport/mfa-methods';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer } from '../../apps/server/src/start/start-server.js';
import { OperatorConsole } from '../support/operator-console.js';
import { DEFAULT_METHOD, type Player, Stage } from '../support/stage.js';
import { databaseSettings } from '../support/test-server.js';

let stage: Stage;
let folder: string;
let operator: OperatorConsole;
let players: Player[];

/** Seeds of people who do not sign in meanwhile, so that a rotation takes its time. */
const SILENT = 10_000;

beforeAll(async () => {
  stage = await Stage.open(2);
  folder = mkdtempSync(join(tmpdir(), 'sallyport-rotation-'));
  operator = new OperatorConsole({
    ...databaseSettings(stage.first.databaseUrl),
    SALLYPORT_MASTER_KEY_FILE: stage.first.masterKeyFile,
    SALLYPORT_DATA_DIR: folder,
  });
  players = [];
  for (const name of ['ada', 'bob', 'cy', 'dee']) players.push(await stage.addProtected(name));
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

async function plantSeeds(count: number): Promise<void> {
  const keyring = stage.first.app.get(Keyring, { strict: false });
  const people = await stage.rows<{ id: string }>(
    `INSERT INTO principals (id, created_at, updated_at) SELECT gen_random_uuid(), now(), now() FROM generate_series(1, $1) RETURNING id`,
    [count],
  );
  const sealed = await Promise.all(
    people.map(({ id }) => keyring.seal(Buffer.from(id), seedPlace(DEFAULT_METHOD, id))),
  );
  await stage.rows(
    `INSERT INTO totp_enrollments (id, method_id, principal_id, sealed_seed, algorithm, digits, period, skew, bound_at, created_at)
     SELECT gen_random_uuid(), $1, p, s, 'SHA1', 6, 30, 1, now(), now() FROM unnest($2::uuid[], $3::bytea[]) AS v (p, s)`,
    [DEFAULT_METHOD, people.map(({ id }) => id), sealed],
  );
}

const keyIds = async () =>
  (await stage.rows('SELECT id FROM data_keys ORDER BY id')).map(({ id }) => id as number);

async function until(happened: () => Promise<boolean>): Promise<void> {
  for (let waits = 0; !(await happened()); waits += 1) {
    if (waits > 4_000) throw new Error('it did not happen');
    await pause(5);
  }
}

/** Sign-ins on both replicas, one after the other, until told to stop. Every one must succeed. */
function signInsUnderWay(): { stop: () => Promise<number> } {
  let stopped = false;
  const work = (async () => {
    for (let count = 0; ; count += 1) {
      if (stopped) return count;
      await stage.vaultToken(players[count % players.length]!, count % 2);
    }
  })();
  work.catch(() => undefined);
  return {
    stop: () => {
      stopped = true;
      return work;
    },
  };
}

it('S68 a rotation under load fails no sign-in, overwrites no seed bound meanwhile, and deletes the old key', async () => {
  await plantSeeds(SILENT);
  const [old] = await keyIds();
  const load = signInsUnderWay();
  const running = operator.run(['keys', 'rotate', '--json']);
  await until(async () => (await keyIds()).at(-1) !== old);
  // New seals use the new key at once, also on the replica that did not rotate.
  const eve = await stage.addPlayer('eve');
  const [fresh] = await stage.rows(
    'SELECT sealed_key_id(sealed_seed) AS key FROM totp_enrollments WHERE principal_id = $1',
    [eve.entityId],
  );
  expect(Number(fresh!['key'])).toBeGreaterThan(old!);
  const { code, data, errors } = await running;
  expect([code, errors]).toEqual([0, '']);
  expect(data).toMatchObject({ resumed: false, dataKeyId: (await keyIds())[0], deletedKeys: [old] });
  expect(data.resealed).toBeGreaterThan(SILENT);
  expect(await load.stop()).toBeGreaterThan(4);
  expect(await keyIds()).toEqual([data.dataKeyId]);
  const left = await stage.rows('SELECT 1 FROM totp_enrollments WHERE sealed_key_id(sealed_seed) <> $1', [
    data.dataKeyId,
  ]);
  expect(left).toEqual([]);
  // The seeds are what they were, and bind anew as ever.
  for (const player of players) await stage.vaultToken(player, 1);
  const events = await stage.rows(
    `SELECT action, actor_name, detail->>'dataKeyId' AS key FROM audit_events WHERE action LIKE 'key.%' ORDER BY at, action`,
  );
  expect(events).toEqual([
    { action: 'key.rotation-begun', actor_name: 'operator', key: String(data.dataKeyId) },
    { action: 'key.rotated', actor_name: 'operator', key: String(data.dataKeyId) },
  ]);
}, 180_000);

it('S68 the master key is rotated with both replicas at work; killed half-way it goes on; the old one opens nothing', async () => {
  const oldFile = join(folder, 'old-master.key');
  copyFileSync(stage.first.masterKeyFile, oldFile);
  expect((await operator.run(['keys', 'rotate', '--master', '--json'])).errors).toContain(
    'no-newer-master-key',
  );

  const added = await operator.run(['keys', 'add-master', '--json']);
  expect([added.code, added.errors]).toEqual([0, '']);
  expect(statSync(stage.first.masterKeyFile).mode & 0o777).toBe(0o600);
  expect((await operator.run(['keys', 'add-master', '--json'])).errors).toContain('master-key-waiting');

  const load = signInsUnderWay();
  const before = (await keyIds()).at(-1)!;
  const victim = operator.launch(['keys', 'rotate', '--master']);
  await until(async () => {
    const [open] = await stage.rows('SELECT resealed FROM key_rotations WHERE finished_at IS NULL');
    return Number(open?.['resealed'] ?? 0) > 1_000;
  });
  victim.kill('SIGKILL');
  await once(victim, 'exit');
  const halfway = await stage.rows(
    'SELECT count(*)::int AS left FROM totp_enrollments WHERE sealed_key_id(sealed_seed) = $1',
    [before],
  );
  expect(halfway[0]!['left']).toBeGreaterThan(0);

  const resumed = await operator.run(['keys', 'rotate', '--master', '--json']);
  expect([resumed.code, resumed.errors]).toEqual([0, '']);
  expect(resumed.data).toMatchObject({
    resumed: true,
    masterKeyId: added.data.masterKeyId,
    deletedKeys: [before],
  });
  expect(await load.stop()).toBeGreaterThan(4);

  // Nothing that is live opens with the old one: neither what it wraps, nor a start.
  const sql = stage.first.app.get(Database, { strict: false });
  await expect(mustOpenDataKeys(sql, readMasterKey(oldFile))).rejects.toThrow('does not open the data keys');
  const config = readConfig({
    PORT: '0',
    TLS_PORT: 'off',
    ...databaseSettings(stage.first.databaseUrl),
    SALLYPORT_MASTER_KEY_FILE: oldFile,
    SALLYPORT_DATA_DIR: folder,
  });
  await expect(startServer(config, { logger: false })).rejects.toThrow(
    'SALLYPORT_MASTER_KEY_FILE: this key does not open the data keys of this database',
  );

  const dropped = await operator.run(['keys', 'drop-master', '--json']);
  expect(dropped.data.dropped).toHaveLength(1);
  expect(readFileSync(stage.first.masterKeyFile, 'utf8').trim().split('\n')).toHaveLength(1);
  await stage.restart(1);
  for (const player of players) await stage.vaultToken(player, 1);
  const { data } = await operator.run(['keys', 'list', '--json']);
  expect(data).toMatchObject({
    unfinishedSince: null,
    masterKeys: [{ id: added.data.masterKeyId, dataKeys: 1 }],
  });
}, 180_000);

it('S68 a value that does not open keeps its key, and is named', async () => {
  const [row] = await stage.rows('SELECT principal_id FROM totp_enrollments WHERE method_id = $1 LIMIT 1', [
    DEFAULT_METHOD,
  ]);
  const id = row!['principal_id'] as string;
  await stage.rows(
    `UPDATE totp_enrollments SET sealed_seed = set_byte(sealed_seed, 20, get_byte(sealed_seed, 20) # 1) WHERE principal_id = $1`,
    [id],
  );
  const before = await keyIds();
  const { code, errors } = await operator.run(['keys', 'rotate']);
  expect(code).toBe(1);
  expect(errors).toBe(
    `sallyport: Some values do not open, so their key has to stay: totp_enrollments.sealed_seed of ${DEFAULT_METHOD}/${id}\n`,
  );
  expect(await keyIds()).toEqual([...before, before.at(-1)! + 1]);
  await stage.rows('DELETE FROM totp_enrollments WHERE principal_id = $1', [id]);
  expect((await operator.run(['keys', 'rotate', '--json'])).data).toMatchObject({
    resumed: true,
    deletedKeys: before,
  });
}, 120_000);

it('S68 what was sealed under a key that is gone is not written any more', async () => {
  const [row] = await stage.rows('SELECT principal_id, sealed_seed FROM totp_enrollments LIMIT 1');
  const late = Buffer.from(row!['sealed_seed'] as Buffer);
  late.writeUInt32BE(1, 1);
  await expect(
    stage.rows('UPDATE totp_enrollments SET sealed_seed = $2 WHERE principal_id = $1', [
      row!['principal_id'],
      late,
    ]),
  ).rejects.toThrow('data key 1 is not there any more');
});

it('S67 a key file that is half of keys and half of something else stops the console, and nothing is changed', async () => {
  const file = join(folder, 'mixed.key');
  writeFileSync(file, `${readFileSync(stage.first.masterKeyFile, 'utf8')}not a key\n`, { mode: 0o600 });
  const console = new OperatorConsole({
    ...databaseSettings(stage.first.databaseUrl),
    SALLYPORT_MASTER_KEY_FILE: file,
    SALLYPORT_DATA_DIR: folder,
  });
  const before = await keyIds();
  const { code, errors } = await console.run(['keys', 'rotate']);
  expect([code, errors]).toEqual([
    3,
    'sallyport: SALLYPORT_MASTER_KEY_FILE: the file must hold 32 bytes in base64 on one line\n',
  ]);
  expect(await keyIds()).toEqual(before);
});

it('S68 two rotations at once: one runs, the other says so', async () => {
  const both = await Promise.all([
    operator.run(['keys', 'rotate', '--json']),
    operator.run(['keys', 'rotate', '--json']),
  ]);
  expect(both.map(({ code }) => code).toSorted()).toEqual([0, 1]);
  expect(both.map(({ errors }) => errors).join('')).toBe(
    '{"error":{"code":"rotation-running","message":"Another rotation of the keys is running."}}\n',
  );
}, 60_000);

it('S76 the audit is still what was written, after its key was sealed anew', async () => {
  await stage.restart(1);
  const { data: verdict } = await operator.run(['audit', 'verify', '--json']);
  expect(verdict).toMatchObject({ intact: true, problems: [] });
  const { data } = await operator.run(['doctor', '--json']);
  expect(data.findings).toContainEqual({
    check: 'keys',
    state: 'ok',
    message: 'the master key opens 1 data keys; none is overdue',
  });
});
