import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { Database } from '../database/database.js';
import { DataKeys, KeyLimits } from './data-keys.service.js';
import { Keyring } from './keyring.js';
import { MasterKey, readMasterKey } from './master-key.js';
import { SEALED_COLUMNS } from './sealed-columns.js';

const PLACE = { table: 'totp_enrollments', column: 'sealed_seed', row: 'one' };
const SECRET = Buffer.from('12345678901234567890');
const BROKEN = { kind: 'internal', code: 'sealed-value-broken' };

let core: Core;

beforeAll(async () => {
  core = await startCore();
});
afterAll(() => core.stop());

function replica(
  limits: KeyLimits = { seals: 2 ** 30, days: 90, share: 64 },
  masterKey = readMasterKey(core.masterKeyFile),
): Keyring {
  return new Keyring(dataKeys(limits, masterKey));
}

function dataKeys(limits: KeyLimits, masterKey: MasterKey): DataKeys {
  return new DataKeys(core.get(Database), masterKey, core.clock, limits);
}

async function keys(): Promise<{ id: number; seals_reserved: string; retired_at: Date | null }[]> {
  return (await core.database.query('SELECT id, seals_reserved, retired_at FROM data_keys ORDER BY id')).rows;
}

describe('a sealed value', () => {
  it('opens on every replica, and shows nothing of the secret', async () => {
    const sealed = await core.get(Keyring).seal(SECRET, PLACE);
    expect(await replica().unseal(sealed, PLACE)).toEqual(SECRET);
    expect(sealed.includes(SECRET)).toBe(false);
    expect(sealed).toHaveLength(1 + 4 + 12 + SECRET.length + 16);
  });

  it.each([{ table: 'installation' }, { column: 'sealed_lookup_key' }, { row: 'another' }])(
    'S65 does not open elsewhere: %o',
    async (elsewhere) => {
      const sealed = await core.get(Keyring).seal(SECRET, PLACE);
      await expect(core.get(Keyring).unseal(sealed, { ...PLACE, ...elsewhere })).rejects.toMatchObject(
        BROKEN,
      );
    },
  );

  it('S23 a decoy opens at its place, in this process alone, and to what nobody chose', async () => {
    const keyring = core.get(Keyring);
    const decoy = keyring.decoy(SECRET.length, PLACE);
    expect(decoy).toHaveLength((await keyring.seal(SECRET, PLACE)).length);
    expect(await keyring.unseal(decoy, PLACE)).toHaveLength(SECRET.length);
    expect(await keyring.unseal(decoy, PLACE)).not.toEqual(
      await keyring.unseal(keyring.decoy(SECRET.length, PLACE), PLACE),
    );
    await expect(keyring.unseal(decoy, { ...PLACE, row: 'another' })).rejects.toMatchObject(BROKEN);
    await expect(replica().unseal(decoy, PLACE)).rejects.toMatchObject(BROKEN);
  });

  it('S65 does not open with one bit flipped, anywhere', async () => {
    const sealed = await core.get(Keyring).seal(SECRET, PLACE);
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      await expect(core.get(Keyring).unseal(changed, PLACE)).rejects.toMatchObject({ kind: 'internal' });
    }
  });

  it('S65 does not open cut, lengthened, empty or with a lower version', async () => {
    const sealed = await core.get(Keyring).seal(SECRET, PLACE);
    const lowered = Buffer.from(sealed);
    lowered[0] = 0;
    const shorter = Array.from(sealed.keys(), (length) => sealed.subarray(0, length));
    for (const changed of [...shorter, lowered, Buffer.concat([sealed, Buffer.alloc(1)]), sealed.subarray(1)])
      await expect(core.get(Keyring).unseal(changed, PLACE)).rejects.toMatchObject({ kind: 'internal' });
  });

  it('S65 does not open under the id of another data key', async () => {
    const sealed = await replica().seal(SECRET, PLACE);
    await core.database.query('UPDATE data_keys SET seals_reserved = $1', [2 ** 30]);
    const other = (await replica().seal(SECRET, PLACE)).readUInt32BE(1);
    const moved = Buffer.from(sealed);
    moved.writeUInt32BE(other, 1);
    expect(other).not.toBe(sealed.readUInt32BE(1));
    await expect(core.get(Keyring).unseal(moved, PLACE)).rejects.toMatchObject(BROKEN);
    expect(await core.get(Keyring).unseal(sealed, PLACE)).toEqual(SECRET);
  });

  it('S65 lies in these columns and no other, and every other run of bytes in the schema is no secret', async () => {
    const { rows } = await core.database.query<{ place: string }>(
      `SELECT table_name || '.' || column_name AS place FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
       WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND data_type = 'bytea' ORDER BY place`,
    );
    const places = rows.map(({ place }) => place);
    expect(places.filter((place) => /\.sealed_/.test(place))).toEqual([
      'audit_keys.sealed_key',
      'global_settings.sealed_backup_passphrase',
      'identity_providers.sealed_secret',
      'installation.sealed_lookup_key',
      'mfa_methods.sealed_challenge_secret',
      'mfa_methods.sealed_shared_secret',
      'mfa_methods.sealed_vendor_secrets',
      'totp_enrollments.sealed_seed',
      'totp_resets.sealed_seed',
    ]);
    expect(SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`).toSorted()).toEqual(
      places.filter((place) => /\.sealed_/.test(place)),
    );
    // Hashes, keys under the master key, and what a RADIUS server said in the clear.
    expect(places.filter((place) => !/\.sealed_/.test(place))).toEqual([
      'activation_codes.code_hash',
      'audit_checkpoints.chain_hash',
      'audit_events.keyed_hash',
      'audit_folds.key_hash',
      'audit_seals.chain_hash',
      'audit_seals.keyed_hash',
      'data_keys.wrapped_key',
      'factor_challenges.state',
      'sign_ins.handle_hash',
      'tokens.token_hash',
    ]);
  });
});

describe('data keys', () => {
  it('S66 never use a nonce twice', async () => {
    const nonces = new Set<string>();
    for (let count = 0; count < 20_000; count += 500)
      for (const sealed of await Promise.all(
        Array.from({ length: 500 }, () => core.get(Keyring).seal(SECRET, PLACE)),
      ))
        nonces.add(sealed.subarray(5, 17).toString('latin1'));
    expect(nonces.size).toBe(20_000);
  });

  it('S66 give way at their limit, and no seal goes beyond it on two replicas at once', async () => {
    const limits = { seals: 20, days: 90, share: 4 };
    const replicas = [replica(limits), replica(limits), replica(limits)];
    await core.database.query('UPDATE data_keys SET seals_reserved = $1 WHERE retired_at IS NULL', [20]);
    const seals = await Promise.all(
      Array.from({ length: 210 }, (_, index) => replicas[index % 3]!.seal(SECRET, PLACE)),
    );
    const used = new Map<number, number>();
    for (const sealed of seals) used.set(sealed.readUInt32BE(1), (used.get(sealed.readUInt32BE(1)) ?? 0) + 1);
    expect(Math.max(...used.values())).toBeLessThanOrEqual(20);
    for (const { id, seals_reserved } of await keys())
      if (used.has(id)) expect(Number(seals_reserved)).toBeLessThanOrEqual(20);
    expect((await keys()).filter(({ retired_at }) => retired_at === null)).toHaveLength(1);
    for (const sealed of seals) expect(await core.get(Keyring).unseal(sealed, PLACE)).toEqual(SECRET);
  });

  it('S66 are replaced by whoever comes first, also with sixteen replicas at once', async () => {
    await core.database.query('UPDATE data_keys SET seals_reserved = $1 WHERE retired_at IS NULL', [2 ** 30]);
    const before = (await keys()).length;
    await Promise.all(Array.from({ length: 16 }, () => core.get(Database).query('SELECT pg_sleep(0.05)')));
    await Promise.all(Array.from({ length: 16 }, () => replica().seal(SECRET, PLACE)));
    expect((await keys()).length).toBe(before + 1);
  });

  it('S66 give way after 90 days, also where a share is left', async () => {
    const keyring = replica();
    const before = (await keyring.seal(SECRET, PLACE)).readUInt32BE(1);
    core.clock.advance(90 * 86_400 - 1);
    const made = (await core.database.query('SELECT created_at FROM data_keys WHERE id = $1', [before]))
      .rows[0].created_at;
    core.clock.set(new Date(made.getTime() + 90 * 86_400_000 - 1));
    expect((await keyring.seal(SECRET, PLACE)).readUInt32BE(1)).toBe(before);
    core.clock.advance(0.001);
    expect((await keyring.seal(SECRET, PLACE)).readUInt32BE(1)).toBeGreaterThan(before);
  });

  it('S67 do not open under another master key, and nothing is changed', async () => {
    const before = await keys();
    await expect(dataKeys(new KeyLimits(), new MasterKey(randomBytes(32))).open()).rejects.toMatchObject({
      code: 'wrong-master-key',
    });
    expect(await keys()).toEqual(before);
  });

  it('S67 lie wrapped in the database', async () => {
    const { rows } = await core.database.query<{ wrapped_key: Buffer }>('SELECT wrapped_key FROM data_keys');
    const master = readMasterKey(core.masterKeyFile);
    for (const { wrapped_key } of rows) expect(wrapped_key.includes(master.unwrap(wrapped_key))).toBe(false);
  });
});
