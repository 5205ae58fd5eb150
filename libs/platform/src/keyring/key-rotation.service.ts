import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { Clock } from '../clock.js';
import { ADVISORY_LOCKS } from '../database/advisory-locks.js';
import { isPooled } from '../database/data-source.js';
import { Database, type Transaction } from '../database/database.js';
import type { Sql } from '../database/sql.js';
import { DomainError } from '../domain-error.js';
import { DataKeys } from './data-keys.service.js';
import { MasterKey } from './master-key.js';
import { Resealing } from './resealing.js';
import { SEALED_COLUMNS, SEALED_IN_SCHEMA } from './sealed-columns.js';

/** How often the last step is tried: whatever was sealed at the last moment is sealed anew in between. */
const LAST_STEPS = 20;

/** How a rotation leaves room for those who work meanwhile. */
export class RotationPace {
  /** Rows sealed anew in one transaction. */
  readonly batch: number = 200;
  /** Milliseconds between the last row and the deletion of the old keys: time for what was read or sealed just before. */
  readonly settleMs: number = 5_000;
}

export interface RotationWish {
  /** Whether the newest master key in the file takes over. */
  master: boolean;
}

export interface RotationReport {
  /** Whether it began, or went on with one that was cut short. */
  resumed: boolean;
  dataKeyId: number;
  masterKeyId: string;
  /** Values sealed anew, over all its runs. */
  resealed: number;
  /** Ids of the data keys that are gone. */
  deletedKeys: number[];
}

/** Writes down what a rotation did, in its transaction. */
export type RotationRecord = (
  tx: Transaction,
  step: { kind: 'begun' | 'finished'; id: string; detail: Record<string, unknown> },
) => Promise<void>;

interface Rotation {
  id: string;
  data_key_id: number;
  master_key_id: string;
}

/**
 * Moves everything sealed to a new data key while everybody works, and deletes the old ones (S68). Both open meanwhile. One that was cut
 * short at any moment is gone on with by the next run.
 */
@Injectable()
export class KeyRotationService {
  constructor(
    private readonly database: Database,
    private readonly dataSource: DataSource,
    private readonly dataKeys: DataKeys,
    private readonly masterKey: MasterKey,
    private readonly resealing: Resealing,
    private readonly clock: Clock,
    private readonly pace: RotationPace,
  ) {}

  /**
   * @throws DomainError `conflict` codes `rotation-running`, `no-newer-master-key`, `sealed-column-unknown`, `sealed-value-broken` (detail
   *   `places`); `unavailable` without the database.
   */
  async rotate(wish: RotationWish, record: RotationRecord): Promise<RotationReport> {
    return this.alone(async () => {
      await this.mustKnowColumns();
      const open = await this.findOpen(this.database);
      if (open !== null) {
        const report = await this.finish(open, true, record);
        if (!wish.master || report.masterKeyId === this.masterKey.newestId) return report;
      }
      return this.finish(await this.begin(wish, record), false, record);
    });
  }

  private async begin({ master }: RotationWish, record: RotationRecord): Promise<Rotation> {
    return this.database.transaction(async (tx) => {
      await tx.execute('LOCK TABLE data_keys IN SHARE ROW EXCLUSIVE MODE');
      const inUse = await this.dataKeys.masterKeyInUse(tx);
      if (master && inUse === this.masterKey.newestId)
        throw new DomainError(
          'conflict',
          'no-newer-master-key',
          'The last key in the master key file is in use already: put a new one behind it first.',
        );
      const masterKeyId = master ? this.masterKey.newestId : inUse;
      const dataKeyId = await this.dataKeys.replace(tx, masterKeyId);
      const rotation = { id: randomUUID(), data_key_id: dataKeyId, master_key_id: masterKeyId };
      await tx.execute(
        'INSERT INTO key_rotations (id, data_key_id, master_key_id, started_at) VALUES ($1, $2, $3, $4)',
        [rotation.id, dataKeyId, masterKeyId, this.clock.now()],
      );
      await record(tx, { kind: 'begun', id: rotation.id, detail: { dataKeyId, masterKeyId } });
      return rotation;
    });
  }

  private async finish(
    rotation: Rotation,
    resumed: boolean,
    record: RotationRecord,
  ): Promise<RotationReport> {
    for (let attempt = 1; attempt <= LAST_STEPS; attempt += 1) {
      await this.resealAll(rotation);
      await pause(this.pace.settleMs);
      const report = await this.deleteOld(rotation, resumed, record);
      if (report !== null) return report;
    }
    throw new DomainError(
      'unavailable',
      'rotation-unfinished',
      'Values are still sealed with the old key. Run it again.',
    );
  }

  private async resealAll({ id, data_key_id: newest }: Rotation): Promise<void> {
    const broken: string[] = [];
    for (const column of SEALED_COLUMNS)
      broken.push(
        ...(await this.resealing.reseal(column, { newest, rotationId: id, batch: this.pace.batch })),
      );
    if (broken.length > 0)
      throw new DomainError(
        'conflict',
        'sealed-value-broken',
        `Some values do not open, so their key has to stay: ${broken.join(', ')}`,
        { places: broken },
      );
  }

  /** @returns null where somebody wrote a value under an old key meanwhile, or holds one just now. */
  private async deleteOld(
    { id, data_key_id: newest }: Rotation,
    resumed: boolean,
    record: RotationRecord,
  ): Promise<RotationReport | null> {
    return this.database
      .transaction(async (tx) => {
        // Waits for those who are writing a value under an old key; who comes later finds the key gone and writes nothing.
        const old = await tx.query<{ id: number }>('SELECT id FROM data_keys WHERE id < $1 FOR UPDATE', [
          newest,
        ]);
        for (const column of SEALED_COLUMNS) if (await this.resealing.isLeft(tx, column, newest)) return null;
        const deletedKeys = old.map((key) => key.id);
        await tx.execute('DELETE FROM data_keys WHERE id < $1', [newest]);
        const [row] = await tx.query<{ master_key_id: string; resealed: string }>(
          'UPDATE key_rotations SET finished_at = $2 WHERE id = $1 RETURNING master_key_id, resealed',
          [id, this.clock.now()],
        );
        const report = {
          dataKeyId: newest,
          masterKeyId: row!.master_key_id,
          resealed: Number(row!.resealed),
          deletedKeys,
        };
        await record(tx, { kind: 'finished', id, detail: report });
        return { resumed, ...report };
      })
      .catch((error: unknown) => {
        if (error instanceof DomainError && error.code === 'database-unavailable') return null;
        throw error;
      });
  }

  private async findOpen(sql: Sql): Promise<Rotation | null> {
    const [row] = await sql.query<Rotation & Record<string, unknown>>(
      'SELECT id, data_key_id, master_key_id FROM key_rotations WHERE finished_at IS NULL',
    );
    return row ?? null;
  }

  /** What is not in the list would be left under a key that is then deleted. */
  private async mustKnowColumns(): Promise<void> {
    const known = new Set(SEALED_COLUMNS.map(({ table, column }) => `${table}.${column}`));
    const rows = await this.database.query<{ place: string }>(SEALED_IN_SCHEMA);
    const unknown = rows.map(({ place }) => place).filter((place) => !known.has(place));
    if (unknown.length > 0)
      throw new DomainError(
        'conflict',
        'sealed-column-unknown',
        `This version does not know how to seal anew: ${unknown.join(', ')}`,
      );
  }

  /** One rotation at a time over all consoles. The lock belongs to a session, so that it goes with a process that is killed. */
  private async alone<T>(work: () => Promise<T>): Promise<T> {
    if (isPooled(this.dataSource))
      throw new DomainError(
        'conflict',
        'no-session',
        'Rotating keys takes a session: name the role that owns the tables, past the pooler, in SALLYPORT_MIGRATION_DATABASE_URL.',
      );
    const session = this.dataSource.createQueryRunner();
    try {
      const [row] = (await session.query('SELECT pg_try_advisory_lock($1) AS free', [
        ADVISORY_LOCKS.keyRotation,
      ])) as {
        free: boolean;
      }[];
      if (row?.free !== true)
        throw new DomainError('conflict', 'rotation-running', 'Another rotation of the keys is running.');
      try {
        return await work();
      } finally {
        await session
          .query('SELECT pg_advisory_unlock($1)', [ADVISORY_LOCKS.keyRotation])
          .catch(() => undefined);
      }
    } finally {
      await session.release();
    }
  }
}
