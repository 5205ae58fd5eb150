import { Injectable } from '@nestjs/common';
import {
  after,
  Clock,
  Database,
  type Listed,
  listRows,
  type ListSource,
  type ListWish,
  type Sql,
} from '@sallyport/platform';

/** Days a replaced address is still told what happens under the new one. */
const REMEMBERED_DAYS = 90;
const DAY = 86_400;

export type NoticeKind =
  | 'factor-bind'
  | 'factor-change'
  | 'factor-reset'
  | 'factor-recovery'
  | 'factor-disable'
  | 'address-changed'
  | 'suspicion'
  | 'activation-code';

/** What a person was told, or will be. */
export interface Notice {
  id: string;
  kind: NoticeKind;
  createdAt: Date;
  /** Facts of the act; their names follow from its kind. */
  detail: Record<string, unknown>;
}

/** The outbox of what people are told of their own factors; delivery comes later (S64). */
@Injectable()
export class NoticesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /**
   * Puts a notice for every address known of each person, old and new, into the outbox, in the transaction of the act.
   * @param detail facts for the text; never a secret, and never anything that would open a door.
   */
  async post(
    tx: Sql,
    principalIds: readonly string[],
    kind: NoticeKind,
    detail: Record<string, unknown>,
  ): Promise<void> {
    if (principalIds.length === 0) return;
    const now = this.clock.now();
    const remembered = after(now, -REMEMBERED_DAYS * DAY);
    await tx.execute(POST, [principalIds, kind, JSON.stringify(detail), now, remembered]);
  }

  /** The same for one person, unless they were told of this kind within the last day (S24). @returns whether it was posted. */
  async postOncePerDay(
    tx: Sql,
    principalId: string,
    kind: NoticeKind,
    detail: Record<string, unknown>,
  ): Promise<boolean> {
    // Of two who would tell at once, one waits here and then sees the other's.
    await tx.execute('SELECT 1 FROM principals WHERE id = $1 FOR NO KEY UPDATE', [principalId]);
    const told = await tx.query(
      'SELECT 1 FROM notices WHERE principal_id = $1 AND kind = $2 AND created_at > $3 LIMIT 1',
      [principalId, kind, after(this.clock.now(), -DAY)],
    );
    if (told.length > 0) return false;
    await this.post(tx, [principalId], kind, detail);
    return true;
  }

  /** One page of what a person was told. */
  async list(principalId: string, wish: ListWish): Promise<Listed<Notice>> {
    const listed = await listRows<Omit<Notice, 'createdAt'> & { created_at: Date }>(
      this.database,
      TOLD,
      [principalId],
      wish,
    );
    const rows = listed.rows.map(({ id, kind, created_at: createdAt, detail }) => ({
      id,
      kind,
      createdAt,
      detail,
    }));
    return { ...listed, rows };
  }
}

const TOLD: ListSource = {
  select: 'SELECT id, kind, created_at, detail FROM notices WHERE principal_id = $1',
  key: 'id',
  search: ['kind'],
  fold: (text) => text.toLowerCase(),
  fields: {
    created: { order: 'created_at', required: true },
    kind: { order: 'kind', required: true, filter: 'kind' },
  },
};

const POST = `
  INSERT INTO notices (id, principal_id, kind, addresses, detail, created_at)
  SELECT gen_random_uuid(), person, $2, ARRAY(
    SELECT u.email FROM local_users u JOIN accounts a ON a.id = u.account_id
    WHERE a.principal_id = person AND u.email IS NOT NULL AND u.email <> ''
    UNION
    SELECT f.address FROM former_addresses f WHERE f.principal_id = person AND f.replaced_at > $5
    ORDER BY 1
  ), $3::jsonb, $4
  FROM unnest($1::uuid[]) person`;
