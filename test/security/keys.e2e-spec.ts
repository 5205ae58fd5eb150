import { randomBytes, randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Clock,
  Database,
  DataKeys,
  KeyLimits,
  Keyring,
  MasterKey,
  readConfig,
  type SealPlace,
} from '@sallyport/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startServer } from '../../apps/server/src/start/start-server.js';
import { dump, dumpOfActs } from '../support/faults.js';
import { expecting } from '../support/send.js';
import { Stage, together } from '../support/stage.js';
import { databaseSettings } from '../support/test-server.js';

let stage: Stage;
let folder: string;
beforeAll(async () => {
  stage = await Stage.open(2);
  folder = mkdtempSync(join(tmpdir(), 'sallyport-keys-'));
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

const PLACE: SealPlace = { table: 'totp_enrollments', column: 'sealed_seed', row: randomUUID() };

it('S65 a sealed value opens in its own place only, and only whole', async () => {
  const keyring = stage.first.app.get(Keyring, { strict: false });
  const secret = randomBytes(20);
  const sealed = await keyring.seal(secret, PLACE);
  expect(await keyring.unseal(sealed, PLACE)).toEqual(secret);
  for (const moved of [{ row: randomUUID() }, { column: 'other' }, { table: 'other' }])
    await expect(keyring.unseal(sealed, { ...PLACE, ...moved })).rejects.toMatchObject({
      code: 'sealed-value-broken',
    });
  for (let at = 0; at < sealed.length; at += 1) {
    const flipped = Buffer.from(sealed);
    flipped[at]! ^= 1;
    await expect(keyring.unseal(flipped, PLACE)).rejects.toMatchObject({ kind: 'internal' });
    await expect(keyring.unseal(sealed.subarray(0, at), PLACE)).rejects.toMatchObject({ kind: 'internal' });
  }
  const lowered = Buffer.from(sealed);
  lowered[0] = 0;
  await expect(keyring.unseal(lowered, PLACE)).rejects.toMatchObject({ code: 'sealed-value-broken' });
});

it('S65 a seed moved to another person opens nothing', async () => {
  const victim = await stage.addProtected('moved-from');
  const thief = await stage.addProtected('moved-to');
  await stage.rows(
    `UPDATE totp_enrollments SET sealed_seed = (SELECT sealed_seed FROM totp_enrollments WHERE principal_id = $1) WHERE principal_id = $2`,
    [victim.entityId, thief.entityId],
  );
  for (const code of [stage.code(victim), stage.code(thief)]) {
    const answer = await stage.vault().validate(await stage.request('moved-to'), code);
    expect([answer.status, answer.body]).toEqual([500, { errors: ['internal error'] }]);
  }
  await expecting(200, stage.vault().validate(await stage.request('moved-from'), stage.code(victim)));
});

/** Bytes that are no secret: what a RADIUS server wants to hear again, worth nothing without the code. */
const PLAIN = ['factor_challenges.state'];

it('S65 every column of bytes is sealed, wrapped or a hash, and says so in its name', async () => {
  const columns = await stage.rows(
    `SELECT table_name || '.' || column_name AS name FROM information_schema.columns WHERE table_schema = 'public' AND data_type = 'bytea'`,
  );
  const names = columns.map(({ name }) => name as string);
  expect(names).toContain('totp_enrollments.sealed_seed');
  expect(
    names.filter((name) => !PLAIN.includes(name) && !/\.(sealed_\w+|wrapped_key|\w+_hash)$/.test(name)),
  ).toEqual([]);
});

// A million are in the long set: test/faults/attack-sizes.fault-spec.ts.
it('S66 no nonce comes twice', async () => {
  const keyring = stage.first.app.get(Keyring, { strict: false });
  const nonces = new Set<string>();
  const secret = randomBytes(20);
  for (let seal = 0; seal < 50_000; seal += 500)
    for (const sealed of await together(500, () => keyring.seal(secret, PLACE)))
      nonces.add(sealed.toString('latin1', 5, 17));
  expect(nonces.size).toBe(50_000);
});

it('S66 at the limit a new key takes over under load on both replicas, and no seal goes beyond it', async () => {
  const limits: KeyLimits = { seals: 60, days: 90, share: 7 };
  const rings = stage.servers.map(
    ({ app }) =>
      new Keyring(
        new DataKeys(
          app.get(Database, { strict: false }),
          app.get(MasterKey, { strict: false }),
          app.get(Clock, { strict: false }),
          limits,
        ),
      ),
  );
  const sealed = await together(400, (index) => rings[index % 2]!.seal(randomBytes(20), PLACE));
  const used = new Map<number, number>();
  for (const value of sealed) used.set(value.readUInt32BE(1), (used.get(value.readUInt32BE(1)) ?? 0) + 1);
  expect(Math.max(...used.values())).toBeLessThanOrEqual(60);
  expect(used.size).toBeGreaterThanOrEqual(7);
  const keys = await stage.rows('SELECT id, retired_at FROM data_keys ORDER BY id');
  expect(keys.filter(({ retired_at }) => retired_at === null)).toHaveLength(1);
  for (const value of sealed) await rings[0]!.unseal(value, PLACE);
});

it('S66 a data key is retired after 90 days', async () => {
  const keyring = stage.first.app.get(Keyring, { strict: false });
  const before = (await keyring.seal(randomBytes(20), PLACE)).readUInt32BE(1);
  stage.clock.advance(91 * 86_400);
  expect((await keyring.seal(randomBytes(20), PLACE)).readUInt32BE(1)).toBeGreaterThan(before);
});

async function startWith(masterKeyFile: string): Promise<string> {
  const config = readConfig({
    PORT: '0',
    TLS_PORT: 'off',
    ...databaseSettings(stage.first.databaseUrl),
    SALLYPORT_MASTER_KEY_FILE: masterKeyFile,
    SALLYPORT_DATA_DIR: folder,
  });
  try {
    const server = await startServer(config, { logger: false });
    await server.stop(0, 0);
    return 'started';
  } catch (error) {
    return (error as Error).message;
  }
}

it('S67 a wrong, empty, world-readable or missing master key stops the start and changes no row', async () => {
  const key = (bytes: Buffer, mode = 0o600) => {
    const file = join(folder, `${randomUUID()}.key`);
    writeFileSync(file, `${bytes.toString('base64')}\n`, { mode });
    chmodSync(file, mode);
    return file;
  };
  const right = readFileSync(stage.first.masterKeyFile, 'utf8');
  const readable = key(Buffer.from(right, 'base64'), 0o644);
  const empty = join(folder, 'empty.key');
  writeFileSync(empty, '', { mode: 0o600 });
  const missing = join(folder, 'missing.key');
  const before = [...(await dumpOfActs(stage.first.database))];
  expect(await startWith(key(randomBytes(32)))).toBe(
    'SALLYPORT_MASTER_KEY_FILE: this key does not open the data keys of this database',
  );
  for (const [file, problem] of [
    [empty, 'the file must hold 32 bytes in base64 on one line'],
    [key(randomBytes(16)), 'the file must hold 32 bytes in base64 on one line'],
    [readable, 'the file must not be accessible to everybody (chmod 600)'],
    [missing, 'the file cannot be read'],
  ] as const)
    expect(await startWith(file)).toBe(`SALLYPORT_MASTER_KEY_FILE: ${problem}`);
  expect([...(await dumpOfActs(stage.first.database))]).toEqual(before);
  expect(existsSync(missing)).toBe(false);
  expect(await startWith(key(Buffer.from(right, 'base64')))).toBe('started');
});

it('S67 the master key and the data keys are in no table', async () => {
  const master = Buffer.from(readFileSync(stage.first.masterKeyFile, 'utf8'), 'base64');
  const masterKey = stage.first.app.get(MasterKey, { strict: false });
  const wrapped = await stage.rows<{ wrapped_key: Buffer }>('SELECT wrapped_key FROM data_keys');
  const keys = [master, ...wrapped.map(({ wrapped_key }) => masterKey.unwrap(wrapped_key))];
  const everything = [...(await dump(stage.first.database)).values()].join('\n');
  for (const key of keys)
    for (const spelling of [
      key.toString('hex'),
      key.toString('base64').replace(/=+$/, ''),
      key.toString('base64url'),
    ])
      expect(everything.toLowerCase().includes(spelling.toLowerCase())).toBe(false);
});
