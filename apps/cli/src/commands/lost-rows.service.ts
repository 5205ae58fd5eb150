import { Injectable } from '@nestjs/common';
import { type AuditGap, AuditResumption, auditTextLine, type RowLine } from '@sallyport/audit';

/** Rows that are handed on at most; the file has them all. */
const MOST = 10_000;
/** Rows that are shown to people. */
const SHOWN = 200;

export interface LostRows {
  /** Those of a sink that the database does not have, in the order of the file, `MOST` at most. */
  rows: RowLine[];
  /** How many the file holds. */
  count: number;
  /** Numbers the checkpoints tell of, whether the file was given the rows or not. */
  missing: number;
}

/** What the sink of the audit holds beyond a backup that was put back: what happened and is undone (S95). */
@Injectable()
export class LostRowsService {
  constructor(private readonly resumption: AuditResumption) {}

  async of(gaps: AuditGap[]): Promise<LostRows> {
    const lost: LostRows = { rows: [], count: 0, missing: 0 };
    for (const gap of gaps) {
      lost.missing += Math.max(0, gap.through - gap.after);
      for await (const row of this.resumption.lost(gap)) {
        lost.count += 1;
        if (lost.rows.length < MOST) lost.rows.push(row);
      }
    }
    return lost;
  }
}

export function toldOf({ rows, count, missing }: LostRows): string[] {
  if (missing === 0) return [];
  if (count === 0)
    return [
      `${missing} rows of the audit are not in this database, and the file holds none of them: it was given checkpoints alone (SALLYPORT_AUDIT_FILE_ROWS).`,
    ];
  return [
    `The file holds ${count} rows of the audit that are not in this database:`,
    ...rows.slice(0, SHOWN).map((row) => `  ${auditTextLine(row)}`),
    ...(count > SHOWN ? [`  … and ${count - SHOWN} more: --json tells of ${MOST}, the file has all`] : []),
  ];
}
