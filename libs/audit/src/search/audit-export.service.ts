import { Injectable } from '@nestjs/common';
import { Clock, Database } from '@sallyport/platform';
import { RECORD_COLUMNS } from '../audit-record.js';
import { type AuditEntry, type EntryRow, entryOf } from './audit-entry.js';

const PAGE = 1_000;

/** From `since` on, and before `until`; null: no such end. */
export interface AuditPeriod {
  since: Date | null;
  until: Date | null;
}

/** Everything in a period, in the order of its time, however much it is. */
@Injectable()
export class AuditExport {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** Holds no connection between two pages. Without an end it ends with what was there when it began. */
  async *rows({ since, until }: AuditPeriod): AsyncIterable<AuditEntry> {
    const end = until ?? this.clock.now();
    let [at, id] = [since?.toISOString() ?? '-infinity', NIL];
    for (;;) {
      const rows = await this.database.query<EntryRow>(PAGE_OF_ROWS, [at, id, end]);
      yield* rows.map(entryOf);
      const last = rows.at(-1);
      if (last === undefined || rows.length < PAGE) return;
      [at, id] = [last.at, last.id];
    }
  }
}

const NIL = '00000000-0000-0000-0000-000000000000';

const PAGE_OF_ROWS = `
  SELECT ${RECORD_COLUMNS}, s.number FROM audit_events e LEFT JOIN audit_seals s ON s.event_id = e.id
  WHERE (e.at, e.id) > ($1::timestamptz, $2::uuid) AND e.at < $3 ORDER BY e.at, e.id LIMIT ${PAGE}`;
