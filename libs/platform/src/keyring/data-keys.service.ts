import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { forEverybody } from '../database/connection-pool.js';
import { Database } from '../database/database.js';
import type { Sql } from '../database/sql.js';
import { DomainError } from '../domain-error.js';
import { MasterKey } from './master-key.js';
import { type DataKey, dataKey } from './sealed-value.js';

/** When a data key is retired (S66): whichever comes first. */
export class KeyLimits {
  readonly seals: number = 2 ** 30;
  readonly days: number = 90;
  /** How many seals a process reserves in Postgres at once. */
  readonly share: number = 4096;
}

/** The life of data keys: made and wrapped by the master key, counted as they seal, retired in time, and opened for as long as they are there. */
@Injectable()
export class DataKeys {
  private readonly opened = new Map<number, DataKey>();
  private current: { id: number; left: number; until: number } | null = null;
  private reserving: Promise<void> | null = null;
  private asking: Promise<boolean> | null = null;

  constructor(
    private readonly database: Database,
    private readonly masterKey: MasterKey,
    private readonly clock: Clock,
    private readonly limits: KeyLimits,
  ) {}

  /**
   * Opens every data key once at start.
   * @throws DomainError `wrong-master-key` when one does not open.
   */
  async open(): Promise<void> {
    const rows = await this.database.query<DataKeyRow>('SELECT id, wrapped_key FROM data_keys ORDER BY id');
    for (const row of rows) this.unwrap(row);
  }

  /** @throws DomainError `data-key-missing`, `wrong-master-key`; `unavailable` without the database. */
  async byId(id: number): Promise<DataKey> {
    const known = this.opened.get(id);
    if (known !== undefined) return known;
    const [row] = await this.database.query<DataKeyRow>(
      'SELECT id, wrapped_key FROM data_keys WHERE id = $1::bigint',
      [id],
    );
    if (row === undefined) throw new DomainError('internal', 'data-key-missing', `data key ${id} is missing`);
    return this.unwrap(row);
  }

  /** @returns the active key, good for one seal: that is counted (S66). @throws DomainError `unavailable` without the database. */
  async forOneSeal(): Promise<DataKey> {
    for (;;) {
      const current = this.current;
      if (current !== null && current.left > 0 && this.clock.now().getTime() < current.until) {
        const active = await this.isActive(current.id);
        // Others took of the share meanwhile.
        if (active && current.left > 0) {
          current.left -= 1;
          return this.byId(current.id);
        }
        if (!active && this.current === current) this.current = null;
        continue;
      }
      this.reserving ??= forEverybody(() => this.reserve()).finally(() => (this.reserving = null));
      await this.reserving;
    }
  }

  /**
   * Retires the active data key and makes a new one; from its commit on every replica seals with that. The caller holds the table lock.
   * @param masterKeyId what wraps it; null: the one that wraps the newest data key, for not every replica may know a newer one yet (S68).
   * @returns the id of the new key.
   */
  async replace(tx: Sql, masterKeyId: string | null): Promise<number> {
    const now = this.clock.now();
    const wrapped = this.masterKey.wrap(randomBytes(32), masterKeyId ?? (await this.masterKeyInUse(tx)));
    await tx.execute('UPDATE data_keys SET retired_at = $1 WHERE retired_at IS NULL', [now]);
    const [made] = await tx.query<{ id: number }>(
      'INSERT INTO data_keys (wrapped_key, created_at) VALUES ($1, $2) RETURNING id',
      [wrapped, now],
    );
    return made!.id;
  }

  /** The name of the master key that wraps the newest data key; of a new database, of the newest there is. */
  async masterKeyInUse(sql: Sql): Promise<string> {
    const [row] = await sql.query<DataKeyRow>(
      'SELECT id, wrapped_key FROM data_keys ORDER BY id DESC LIMIT 1',
    );
    return row === undefined ? this.masterKey.newestId : this.masterKey.idOf(row.wrapped_key);
  }

  private unwrap(row: DataKeyRow): DataKey {
    try {
      const opened = dataKey(row.id, this.masterKey.unwrap(row.wrapped_key));
      this.opened.set(row.id, opened);
      return opened;
    } catch (error) {
      throw new DomainError(
        'internal',
        'wrong-master-key',
        `the master key does not open data key ${row.id}`,
        {},
        { cause: error },
      );
    }
  }

  /** A rotation elsewhere counts from the next seal on (S68); all who seal at one moment ask together. */
  private isActive(id: number): Promise<boolean> {
    this.asking ??= forEverybody(() =>
      Promise.resolve().then(async () => {
        this.asking = null;
        const rows = await this.database.query(
          'SELECT 1 FROM data_keys WHERE id = $1 AND retired_at IS NULL',
          [id],
        );
        return rows.length === 1;
      }),
    );
    return this.asking;
  }

  /** Takes a share of the active key's seals; a key at its limit is retired and replaced, by whoever comes first. */
  private async reserve(): Promise<void> {
    const now = this.clock.now();
    const oldest = new Date(now.getTime() - this.limits.days * 86_400_000);
    const reserveOn = (sql: Sql) =>
      sql.query<ReservedKey>(RESERVE, [this.limits.share, oldest, this.limits.seals]);
    const [fit] = await reserveOn(this.database);
    const row = fit ?? (await this.replaceSpent(reserveOn));
    if (row === undefined)
      throw new DomainError('internal', 'data-key-missing', 'no data key can be reserved');
    this.current = {
      id: row.id,
      left: this.limits.share,
      until: row.created_at.getTime() + this.limits.days * 86_400_000,
    };
  }

  private async replaceSpent(
    reserveOn: (sql: Sql) => Promise<ReservedKey[]>,
  ): Promise<ReservedKey | undefined> {
    return this.database.transaction(async (tx) => {
      // Taken before anything else of the table is: two who held a lesser lock would wait for each other.
      await tx.execute('LOCK TABLE data_keys IN SHARE ROW EXCLUSIVE MODE');
      const [made] = await reserveOn(tx);
      if (made !== undefined) return made;
      await this.replace(tx, null);
      const [fresh] = await reserveOn(tx);
      return fresh;
    });
  }
}

interface DataKeyRow {
  id: number;
  wrapped_key: Buffer;
}

interface ReservedKey {
  id: number;
  created_at: Date;
}

const RESERVE = `
  UPDATE data_keys SET seals_reserved = seals_reserved + $1
  WHERE retired_at IS NULL AND created_at > $2 AND seals_reserved + $1 <= $3 RETURNING id, created_at`;
