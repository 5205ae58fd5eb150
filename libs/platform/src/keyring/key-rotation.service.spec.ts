import { DataSource } from 'typeorm';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DEFAULT_METHOD_ID } from '@sallyport/mfa-methods';
import { type Core, startCore } from '../../../../test/support/core.js';
import { addUser, bind } from '../../../../test/support/people.js';
import { Database } from '../database/database.js';
import { Installation } from '../installation/installation.js';
import { DataKeys } from './data-keys.service.js';
import { KeyInventoryService } from './key-inventory.service.js';
import { KeyRotationService } from './key-rotation.service.js';
import { Keyring } from './keyring.js';
import { MasterKey } from './master-key.js';
import { Resealing } from './resealing.js';
import { placeIn, SEALED_COLUMNS, type SealedColumn } from './sealed-columns.js';

let core: Core;
let principalId: string;
let rotation: KeyRotationService;
const told: string[] = [];

beforeAll(async () => {
  core = await startCore({ asOperator: true });
  ({ principalId } = await addUser(core, 'ada'));
  await bind(core, principalId);
  rotation = new KeyRotationService(
    core.get(Database),
    core.get(DataSource),
    core.get(DataKeys),
    core.get(MasterKey),
    core.get(Resealing),
    core.clock,
    { batch: 3, settleMs: 0 },
  );
  await core.database.query(
    `INSERT INTO totp_resets (method_id, principal_id, token_id, sealed_seed, algorithm, digits, period, skew, expires_at)
     VALUES ($1, $2, gen_random_uuid(), 'x', 'SHA1', 6, 30, 1, now())`,
    [DEFAULT_METHOD_ID, principalId],
  );
});
afterAll(() => core.stop());

const rotate = () => rotation.rotate({ master: false }, async (_, { kind }) => void told.push(kind));

async function idsOf({ table, key }: SealedColumn): Promise<string[][]> {
  const ids = key.map((name) => `${name}::text`).join(', ');
  return (await core.database.query(`SELECT ARRAY[${ids}]::text[] AS ids FROM ${table}`)).rows.map(
    (row) => row.ids,
  );
}

function where({ key }: SealedColumn, from: number): string {
  return key.map((name, at) => ` AND ${name}::text = $${at + from}`).join('');
}

it('S68 seals every column of every table anew, and each value opens in its own place as before', async () => {
  const planted: [SealedColumn, string[], string][] = [];
  for (const column of SEALED_COLUMNS) {
    // Its content is read at every start and with every event.
    if (column.table === 'installation' || column.table === 'audit_keys') continue;
    for (const ids of await idsOf(column)) {
      const secret = `${column.table}/${column.column}/${ids.join('/')}`;
      const sealed = await core.get(Keyring).seal(Buffer.from(secret), placeIn(column, ids));
      await core.database.query(
        `UPDATE ${column.table} SET ${column.column} = $1 WHERE true${where(column, 2)}`,
        [sealed, ...ids],
      );
      planted.push([column, ids, secret]);
    }
  }
  expect(new Set(planted.map(([{ table }]) => table)).size).toBe(5);
  const before = (await core.get(KeyInventoryService).list()).dataKeys.map(({ id }) => id);
  const report = await rotate();
  expect(report).toMatchObject({ resumed: false, deletedKeys: before, dataKeyId: before.at(-1)! + 1 });
  for (const [column, ids, secret] of planted) {
    const { rows } = await core.database.query(
      `SELECT ${column.column} AS sealed FROM ${column.table} WHERE true${where(column, 1)}`,
      ids,
    );
    expect(rows[0].sealed.readUInt32BE(1)).toBe(report.dataKeyId);
    expect((await core.get(Keyring).unseal(rows[0].sealed, placeIn(column, ids))).toString()).toBe(secret);
  }
  await core.get(Installation).open();
  expect(told).toEqual(['begun', 'finished']);
});

/** Nothing is written under a key that was deleted in between: without a pause for what is under way that may be. */
function unlessKeyGone(error: Error): null {
  if (error.message.includes('is not there any more')) return null;
  throw error;
}

it('S68 overwrites no value that is written meanwhile, whenever that is', async () => {
  const seeds = SEALED_COLUMNS.find(({ table }) => table === 'totp_enrollments')!;
  const [ids] = await idsOf(seeds);
  let stopped = false;
  const writing = (async () => {
    for (let count = 0; ; count += 1) {
      const sealed = await core.get(Keyring).seal(Buffer.from(String(count)), placeIn(seeds, ids!));
      const written = await core.database
        .query('UPDATE totp_enrollments SET sealed_seed = $1', [sealed])
        .catch(unlessKeyGone);
      if (stopped && written !== null) return count;
    }
  })();
  for (let round = 0; round < 10; round += 1) await rotate();
  stopped = true;
  const last = await writing;
  expect(last).toBeGreaterThan(10);
  const { rows } = await core.database.query('SELECT sealed_seed FROM totp_enrollments');
  expect((await core.get(Keyring).unseal(rows[0].sealed_seed, placeIn(seeds, ids!))).toString()).toBe(
    String(last),
  );
});

it('S68 a seed that is only sealed anew is the same seed, and another one is not', async () => {
  const version = async () =>
    (await core.database.query('SELECT seed_version FROM totp_enrollments')).rows[0].seed_version;
  const before = await version();
  await rotate();
  expect(await version()).toBe(before);
  const seeds = SEALED_COLUMNS.find(({ table }) => table === 'totp_enrollments')!;
  const [ids] = await idsOf(seeds);
  const sealed = await core.get(Keyring).seal(Buffer.from('another'), placeIn(seeds, ids!));
  await core.database.query('UPDATE totp_enrollments SET sealed_seed = $1', [sealed]);
  expect(await version()).not.toBe(before);
});

it('S68 does not begin where the schema has a sealed column it would leave behind', async () => {
  await core.database.query('ALTER TABLE tags ADD COLUMN sealed_thing bytea');
  await expect(rotate()).rejects.toMatchObject({ code: 'sealed-column-unknown' });
  await core.database.query('ALTER TABLE tags DROP COLUMN sealed_thing');
});

it('S71 tells each key with its age, and which is overdue', async () => {
  const inventory = core.get(KeyInventoryService);
  const fresh = await inventory.list();
  expect(fresh).toMatchObject({
    dataKeys: [{ ageDays: 0, retiredAt: null, overdue: false, masterKeyId: core.get(MasterKey).newestId }],
    masterKeys: [{ id: core.get(MasterKey).newestId, dataKeys: 1, ageDays: 0, overdue: false }],
    unfinishedSince: null,
  });
  const { rows } = await core.database.query(
    `SELECT count(*)::int + 1 AS values FROM (SELECT sealed_seed FROM totp_enrollments UNION ALL SELECT sealed_seed FROM totp_resets) AS s`,
  );
  expect(fresh.dataKeys[0]!.values).toBeGreaterThan(rows[0].values);
  const now = core.clock.now();
  core.clock.advance(455 * 86_400);
  expect((await inventory.list()).dataKeys[0]).toMatchObject({ ageDays: 455, overdue: true });
  expect((await inventory.list()).masterKeys[0]).toMatchObject({ overdue: false });
  core.clock.advance(275 * 86_400);
  expect((await inventory.list()).masterKeys[0]).toMatchObject({ ageDays: 730, overdue: true });
  core.clock.set(now);
});
