import { Injectable } from '@nestjs/common';
import { Database } from '../database/database.js';
import type { Sql } from '../database/sql.js';
import { DomainError } from '../domain-error.js';
import { Keyring } from './keyring.js';
import { placeIn, type SealedColumn } from './sealed-columns.js';

interface SealedRow {
  /** The values of the key's columns. */
  ids: string[];
  sealed: Buffer;
}

interface Run {
  /** The data key that stays. */
  newest: number;
  rotationId: string;
  batch: number;
}

/** Seals anew what an old data key sealed, row by row, and overwrites nothing that changed meanwhile (S68). */
@Injectable()
export class Resealing {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
  ) {}

  /** @returns the places of values that do not open; they are left as they are. */
  async reseal(column: SealedColumn, { newest, rotationId, batch }: Run): Promise<string[]> {
    const broken = new Set<string>();
    for (;;) {
      const found = await this.database.query<{ ids: string[]; sealed: Buffer }>(oldRowsOf(column), [
        newest,
        batch + broken.size,
      ]);
      const rows = found.filter(({ ids }) => !broken.has(named(column, ids)));
      if (rows.length === 0) return [...broken];
      const old: SealedRow[] = [];
      const fresh: Buffer[] = [];
      for (const row of rows) {
        const sealed = await this.sealAnew(column, row);
        if (sealed === null) broken.add(named(column, row.ids));
        else {
          old.push(row);
          fresh.push(sealed);
        }
      }
      await this.write(column, rotationId, old, fresh);
    }
  }

  /** Whether a value still names an older key. */
  async isLeft(sql: Sql, { table, column }: SealedColumn, newest: number): Promise<boolean> {
    const rows = await sql.query(`SELECT 1 FROM ${table} WHERE sealed_key_id(${column}) < $1 LIMIT 1`, [
      newest,
    ]);
    return rows.length > 0;
  }

  private async sealAnew(column: SealedColumn, { ids, sealed }: SealedRow): Promise<Buffer | null> {
    const place = placeIn(column, ids);
    try {
      return await this.keyring.seal(await this.keyring.unseal(sealed, place), place);
    } catch (error) {
      if (error instanceof DomainError && ['sealed-value-broken', 'data-key-missing'].includes(error.code))
        return null;
      throw error;
    }
  }

  /** One that was bound anew or taken away meanwhile has another value, and keeps it. */
  private async write(
    column: SealedColumn,
    rotationId: string,
    old: SealedRow[],
    fresh: Buffer[],
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      // Its codes stay what they were: what is being proven at this moment is spent all the same.
      await tx.execute(`SELECT set_config('sallyport.resealing', 'on', true)`);
      const ids = column.key.map((_, at) => old.map((row) => row.ids[at]));
      const changed = await tx.execute(writeTo(column), [old.map(({ sealed }) => sealed), fresh, ...ids]);
      await tx.execute('UPDATE key_rotations SET resealed = resealed + $2 WHERE id = $1', [
        rotationId,
        changed,
      ]);
    });
  }
}

function named(column: SealedColumn, ids: string[]): string {
  return `${column.table}.${column.column} of ${placeIn(column, ids).row}`;
}

function oldRowsOf({ table, column, key }: SealedColumn): string {
  const ids = key.map((name) => `${name}::text`).join(', ');
  return `SELECT ARRAY[${ids}]::text[] AS ids, ${column} AS sealed FROM ${table} WHERE sealed_key_id(${column}) < $1 LIMIT $2`;
}

function writeTo({ table, column, key, keyType }: SealedColumn): string {
  const lists = ['$1::bytea[]', '$2::bytea[]', ...key.map((_, at) => `$${at + 3}::${keyType ?? 'uuid'}[]`)];
  const names = ['old', 'fresh', ...key.map((_, at) => `id_${at}`)];
  const same = key.map((name, at) => ` AND r.${name} = v.id_${at}`).join('');
  return `UPDATE ${table} r SET ${column} = v.fresh FROM unnest(${lists.join(', ')}) AS v (${names.join(', ')})
    WHERE r.${column} = v.old${same}`;
}
