import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Clock, Database, DomainError, single, type Sql, storableText } from '@sallyport/platform';

export type MessageLevel = 'Information' | 'Warning' | 'Error' | 'Critical';
export type MessageCategory = 'Configuration' | 'Connectivity' | 'Version';
export const MESSAGE_STATUSES = ['Unresolved', 'Resolved', 'Muted'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** Something an administrator should know. */
export interface Notice {
  level: MessageLevel;
  category: MessageCategory;
  message: string;
}

export interface AdminMessage extends Notice {
  id: string;
  source: string;
  createdAt: Date;
}

/** Who said what about a message, and where they signed in. */
export interface StatusAuthor {
  distinguishedName: string;
  username: string;
  providerName: string;
  deviceId: string;
}

export interface MessageStanding {
  id: string;
  message: string;
  status: MessageStatus;
  appliedAt: Date | null;
  appliedBy: StatusAuthor | null;
}

/** All occurrences of one text. */
export interface MessageSummary extends Notice {
  sources: string[];
  createdAt: Date;
  count: number;
  standing: MessageStanding;
}

export const MESSAGE_SOURCE = 'controller';
/** Characters of a message; also what its unique index can hold. */
const LONGEST = 600;
/** Distinct texts kept; the ones heard least recently go first. */
const MOST_MESSAGES = 1_000;

/** Messages to administrators (contract appgate.md §6.4): the same one at most once an hour. */
@Injectable()
export class AdminMessagesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly audit: AuditService,
  ) {}

  /** A message that was resolved and comes again is unresolved again; a muted one stays muted. */
  async raise(sql: Sql, { level, category, message }: Notice): Promise<void> {
    const text = storableText(message.slice(0, LONGEST));
    const now = this.clock.now();
    const changed = await sql.execute(RAISE, [
      randomUUID(),
      level,
      category,
      text,
      randomUUID(),
      MESSAGE_SOURCE,
      now,
    ]);
    if (changed > 0) await sql.execute(FORGET_OLDEST, [MOST_MESSAGES]);
  }

  /** Every occurrence, the latest first. */
  async list(): Promise<AdminMessage[]> {
    return this.database.query<AdminMessage>(
      `SELECT o.id, m.level, m.category, m.message, o.source, o.created_at AS "createdAt"
       FROM admin_message_occurrences o JOIN admin_messages m ON m.id = o.admin_message_id ORDER BY o.created_at DESC, o.id`,
    );
  }

  /** One for each distinct text, the one heard last first. */
  async summarize(): Promise<MessageSummary[]> {
    const rows = await this.database.query<Omit<MessageSummary, 'standing'> & MessageStanding>(SUMMARY);
    return rows.map(({ id, status, appliedAt, appliedBy, ...summary }) => ({
      ...summary,
      standing: { id, message: summary.message, status, appliedAt, appliedBy },
    }));
  }

  /** @throws DomainError `not-found`. */
  async mustExist(id: string): Promise<void> {
    const known = await this.database.query('SELECT 1 FROM admin_messages WHERE id = $1', [id]);
    if (known.length === 0) throw notFound();
  }

  /** @throws DomainError `not-found`; `invalid` where `message` is another than the one with this id. */
  async setStatus(
    id: string,
    message: string,
    status: MessageStatus,
    author: StatusAuthor,
    actor: Actor,
  ): Promise<MessageStanding> {
    return this.database.transaction(async (tx) => {
      const [known] = await tx.query<{ message: string; status: MessageStatus }>(
        'SELECT message, status FROM admin_messages WHERE id = $1 FOR UPDATE',
        [id],
      );
      if (known === undefined) throw notFound();
      if (known.message !== message) throw DomainError.invalid('message', 'may not be changed');
      const rows = await tx.query<MessageStanding>(
        `UPDATE admin_messages SET status = $2, applied_at = $3, applied_by = $4 WHERE id = $1
         RETURNING id, message, status, applied_at AS "appliedAt", applied_by AS "appliedBy"`,
        [id, status, this.clock.now(), JSON.stringify(author)],
      );
      await this.audit.record(tx, actor, {
        action: 'admin-message.changed',
        outcome: 'success',
        object: { type: 'admin-message', id },
        detail: { status },
        before: { status: known.status },
        after: { status },
      });
      return single(rows);
    });
  }

  /** All messages, or those of one text and source. */
  async remove(only: { message: string; source: string } | null, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const removed = await tx.query<{ message: string }>(
        `DELETE FROM admin_message_occurrences o USING admin_messages m
         WHERE m.id = o.admin_message_id AND ($1::text IS NULL OR (m.message = $1 AND o.source = $2)) RETURNING m.message`,
        [only?.message ?? null, only?.source ?? null],
      );
      await tx.execute(
        'DELETE FROM admin_messages m WHERE NOT EXISTS (SELECT 1 FROM admin_message_occurrences o WHERE o.admin_message_id = m.id)',
      );
      await this.audit.record(tx, actor, {
        action: 'admin-message.deleted',
        outcome: 'success',
        object: { type: 'admin-message', id: only?.message ?? 'all' },
        detail: { removed: removed.length },
        before: { messages: [...new Set(removed.map((row) => row.message))] },
        after: null,
      });
    });
  }
}

function notFound(): DomainError {
  return new DomainError('not-found', 'not-found', 'The requested resource was not found.');
}

const RAISE = `
  WITH known AS (
    INSERT INTO admin_messages AS m (id, level, category, message) VALUES ($1, $2, $3, $4)
    ON CONFLICT ON CONSTRAINT admin_messages__text
      DO UPDATE SET status = CASE m.status WHEN 'Resolved' THEN 'Unresolved' ELSE m.status END
    RETURNING id
  )
  INSERT INTO admin_message_occurrences (id, admin_message_id, source, created_at)
  SELECT $5, known.id, $6, $7::timestamptz FROM known
  WHERE NOT EXISTS (
    SELECT 1 FROM admin_message_occurrences o
    WHERE o.admin_message_id = known.id AND o.source = $6 AND o.created_at > $7::timestamptz - interval '1 hour')`;

const FORGET_OLDEST = `
  DELETE FROM admin_messages WHERE id IN (
    SELECT m.id FROM admin_messages m LEFT JOIN admin_message_occurrences o ON o.admin_message_id = m.id
    GROUP BY m.id ORDER BY max(o.created_at) DESC OFFSET $1)`;

const SUMMARY = `
  SELECT m.id, m.level, m.category, m.message, m.status, m.applied_at AS "appliedAt", m.applied_by AS "appliedBy",
    max(o.created_at) AS "createdAt", count(*)::integer AS count, array_agg(DISTINCT o.source) AS sources
  FROM admin_messages m JOIN admin_message_occurrences o ON o.admin_message_id = m.id
  GROUP BY m.id ORDER BY max(o.created_at) DESC, m.id`;
