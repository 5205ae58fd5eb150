import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { Database } from '../database/database.js';
import { KEY_INVENTORY } from './key-inventory.js';
import { MasterKey } from './master-key.js';
import { SEALED_COLUMNS } from './sealed-columns.js';

const DAY_MS = 86_400_000;

export interface DataKeyStanding {
  id: number;
  createdAt: Date;
  /** Null: the one that seals. */
  retiredAt: Date | null;
  ageDays: number;
  sealsReserved: number;
  /** How many stored values it opens. */
  values: number;
  masterKeyId: string;
  overdue: boolean;
}

export interface MasterKeyStanding {
  id: string;
  /** How many data keys it wraps; 0: nothing that is live needs it. */
  dataKeys: number;
  /** Since when it wraps; null: it never has. */
  inUseSince: Date | null;
  ageDays: number | null;
  overdue: boolean;
}

/** The keys as they stand, with their ages (S71). Never a key. */
export interface KeyStanding {
  dataKeys: DataKeyStanding[];
  masterKeys: MasterKeyStanding[];
  /** A rotation that was begun and not finished; null: none. */
  unfinishedSince: Date | null;
}

/** How old one key of a kind is. */
export interface KeyAge {
  kind: string;
  ageDays: number;
  overdue: boolean;
}

/** Tells the inventory of this installation (S71). */
@Injectable()
export class KeyInventoryService {
  constructor(
    private readonly database: Database,
    private readonly masterKey: MasterKey,
    private readonly clock: Clock,
  ) {}

  /** @throws DomainError `unavailable` without the database; Error where a data key does not open. */
  async list(): Promise<KeyStanding> {
    const dataKeys = await this.listDataKeys();
    const [open] = await this.database.query<{ started_at: Date }>(
      'SELECT started_at FROM key_rotations WHERE finished_at IS NULL',
    );
    return {
      dataKeys,
      masterKeys: await this.listMasterKeys(dataKeys),
      unfinishedSince: open?.started_at ?? null,
    };
  }

  /** The ages alone: of keys that are in use, without counting what they open. @throws as `list` */
  async ages(): Promise<KeyAge[]> {
    const dataKeys = (await this.dataKeyRows()).map((row) => this.standingOf(row, 0));
    const masterKeys = await this.listMasterKeys(dataKeys);
    const kinds = { 'data key': dataKeys, 'master key': masterKeys };
    return Object.entries(kinds).flatMap(([kind, keys]) =>
      keys.flatMap(({ ageDays, overdue }) => (ageDays === null ? [] : [{ kind, ageDays, overdue }])),
    );
  }

  private dataKeyRows(): Promise<DataKeyRow[]> {
    return this.database.query<DataKeyRow>(
      'SELECT id, wrapped_key, seals_reserved, created_at, retired_at FROM data_keys ORDER BY id',
    );
  }

  private async listDataKeys(): Promise<DataKeyStanding[]> {
    const rows = await this.dataKeyRows();
    const values = new Map(
      (await this.database.query<{ id: string; values: string }>(VALUES)).map((row) => [
        Number(row.id),
        Number(row.values),
      ]),
    );
    return rows.map((row) => this.standingOf(row, values.get(row.id) ?? 0));
  }

  private standingOf(row: DataKeyRow, values: number): DataKeyStanding {
    return {
      id: row.id,
      createdAt: row.created_at,
      retiredAt: row.retired_at,
      ageDays: this.daysSince(row.created_at),
      sealsReserved: Number(row.seals_reserved),
      values,
      masterKeyId: this.masterKey.idOf(row.wrapped_key),
      overdue: this.isOverdue('data key', row.created_at),
    };
  }

  private async listMasterKeys(dataKeys: DataKeyStanding[]): Promise<MasterKeyStanding[]> {
    const begun = await this.database.query<{ master_key_id: string; since: Date }>(
      'SELECT master_key_id, min(started_at) AS since FROM key_rotations GROUP BY 1',
    );
    return this.masterKey.ids.map((id) => {
      const wrapped = dataKeys.filter((key) => key.masterKeyId === id);
      const times = [
        ...begun.filter((row) => row.master_key_id === id).map((row) => row.since),
        ...wrapped.map((key) => key.createdAt),
      ];
      const inUseSince =
        times.length === 0 ? null : new Date(Math.min(...times.map((time) => time.getTime())));
      return {
        id,
        dataKeys: wrapped.length,
        inUseSince,
        ageDays: inUseSince === null ? null : this.daysSince(inUseSince),
        overdue: wrapped.length > 0 && inUseSince !== null && this.isOverdue('master key', inUseSince),
      };
    });
  }

  private isOverdue(name: string, since: Date): boolean {
    const days = KEY_INVENTORY.find((kind) => kind.name === name)?.days ?? null;
    return days !== null && this.daysSince(since) >= days;
  }

  private daysSince(instant: Date): number {
    return Math.max(0, Math.floor((this.clock.now().getTime() - instant.getTime()) / DAY_MS));
  }
}

interface DataKeyRow {
  [column: string]: unknown;
  id: number;
  wrapped_key: Buffer;
  seals_reserved: string;
  created_at: Date;
  retired_at: Date | null;
}

const EVERY_VALUE = SEALED_COLUMNS.map(
  ({ table, column }) => `SELECT sealed_key_id(${column}) AS id FROM ${table} WHERE ${column} IS NOT NULL`,
).join(' UNION ALL ');

const VALUES = `SELECT id, count(*) AS values FROM (${EVERY_VALUE}) AS sealed WHERE id IS NOT NULL GROUP BY id`;
