import { randomInt, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import {
  Clock,
  Database,
  DomainError,
  type Listed,
  listRows,
  type ListSource,
  type ListWish,
  single,
  timeText,
  type Transaction,
  violatedConstraint,
} from '@sallyport/platform';
import { canonicalName } from '../names/index.js';
import { COLORS } from './colors.js';
import { type Occurrences, occurrencesOf } from './tag-occurrences.js';

export interface Tag extends Occurrences {
  id: string;
  /** Compared exactly; never changes. */
  name: string;
  notes: string;
  colorCode: number;
  createdAt: Date;
  updatedAt: Date;
}

export interface TagValues {
  id?: string;
  name: string;
  notes: string;
  /** Absent: a random one for a new tag, else as it was. */
  colorCode?: number;
}

interface TagRow {
  id: string;
  name: string;
  notes: string;
  color_code: number;
  created_at: Date;
  updated_at: Date;
}

/** The tags there are; one first used on an object is here by itself, by a trigger of the database (contract appgate.md §6.6). */
@Injectable()
export class TagsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async list(wish: ListWish): Promise<Listed<Tag>> {
    const listed = await listRows<TagRow>(this.database, TAGS, [], wish);
    const occurrences = await occurrencesOf(
      this.database,
      listed.rows.map(({ name }) => name),
    );
    return { ...listed, rows: listed.rows.map((row) => tagOf(row, occurrences.get(row.name)!)) };
  }

  /**
   * In a transaction it stays as it is until that ends, and nothing comes to carry it.
   * @throws DomainError `not-found`.
   */
  async get(id: string, tx?: Transaction): Promise<Tag> {
    const sql = tx ?? this.database;
    const [row] =
      tx === undefined ? await sql.query<TagRow>(READ, [id]) : await sql.query<TagRow>(HOLD, [id]);
    if (row === undefined)
      throw new DomainError('not-found', 'not-found', 'The requested resource was not found.');
    return tagOf(row, (await occurrencesOf(sql, [row.name])).get(row.name)!);
  }

  /** @throws DomainError `conflict` where the id or the name is taken. */
  async create({ id = randomUUID(), name, notes, colorCode }: TagValues, actor: Actor): Promise<Tag> {
    const values = [
      id,
      name,
      canonicalName(name),
      notes,
      colorCode ?? randomInt(1, COLORS.length + 1),
      this.clock.now(),
    ];
    return this.database.transaction(async (tx) => {
      await unlessTaken(() => tx.execute(INSERT, values));
      const tag = await this.get(id, tx);
      await this.record(tx, actor, 'tag.created', null, tag);
      return tag;
    });
  }

  /** @throws DomainError `not-found`; `invalid` for another name. */
  async replace(id: string, { name, notes, colorCode }: TagValues, actor: Actor): Promise<Tag> {
    return this.database.transaction(async (tx) => {
      const before = await this.get(id, tx);
      if (before.name !== name) throw DomainError.invalid('name', 'may not be changed');
      const row = single(await tx.query<TagRow>(UPDATE, [id, notes, colorCode ?? null, this.clock.now()]));
      const after = tagOf(row, before);
      await this.record(tx, actor, 'tag.changed', before, after);
      return after;
    });
  }

  /** @throws DomainError `not-found`; `conflict` code `in-use` while anything carries or names it. */
  async remove(id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const before = await this.get(id, tx);
      const { tagged, linked } = before;
      if (Object.keys({ ...tagged, ...linked }).length > 0)
        throw new DomainError('conflict', 'in-use', 'The object is in use.');
      await tx.execute('DELETE FROM tags WHERE id = $1', [id]);
      await this.record(tx, actor, 'tag.deleted', before, null);
    });
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: 'tag.created' | 'tag.changed' | 'tag.deleted',
    before: Tag | null,
    after: Tag | null,
  ): Promise<void> {
    const { id, name } = (after ?? before)!;
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'tag', id },
      detail: { name },
      before: before && ownFields(before),
      after: after && ownFields(after),
    });
  }
}

/** Without what carries or names it. */
function ownFields({ name, notes, colorCode }: Tag): object {
  return { name, notes, colorCode };
}

function tagOf(row: TagRow, { tagged, linked }: Occurrences): Tag {
  const { id, name, notes, color_code: colorCode, created_at: createdAt, updated_at: updatedAt } = row;
  return { id, name, notes, colorCode, createdAt, updatedAt, tagged, linked };
}

async function unlessTaken(write: () => Promise<unknown>): Promise<void> {
  try {
    await write();
  } catch (error) {
    if (violatedConstraint(error) === null) throw error;
    throw new DomainError(
      'conflict',
      'exists',
      'An object with the same id or name already exists.',
      {},
      { cause: error },
    );
  }
}

const TAGS: ListSource = {
  select: 'SELECT * FROM tags',
  key: 'id',
  search: ['name_canonical'],
  fold: canonicalName,
  exactFirst: 'name',
  fields: {
    name: { order: 'name_canonical', filter: 'name_canonical', fold: canonicalName },
    id: { order: 'id', filter: 'id::text' },
    created: { order: 'created_at', filter: timeText('created_at') },
    updated: { order: 'updated_at', filter: timeText('updated_at') },
    colorCode: { order: 'color_code', filter: 'color_code::text' },
  },
};

const READ = 'SELECT * FROM tags WHERE id = $1';
// What comes to carry it holds it too, by the trigger keep_tags.
const HOLD = 'SELECT * FROM tags WHERE id = $1 FOR UPDATE';

const INSERT = `
  INSERT INTO tags (id, name, name_canonical, notes, color_code, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $6)`;

const UPDATE = `
  UPDATE tags SET notes = $2, color_code = coalesce($3::integer, color_code), updated_at = $4 WHERE id = $1 RETURNING *`;
