import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { Injectable } from '@nestjs/common';
import {
  AUDIT_CSV_HEADER,
  auditCsvLine,
  AuditExport,
  auditJsonLine,
  type AuditPeriod,
  AuditResumption,
  AuditService,
  AuditVerifier,
  OPERATOR,
  type VerifyOptions,
} from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { EXIT } from '../console/exit-codes.js';
import { type Answer, OutputClosed } from '../console/terminal.js';
import { LostRowsService, toldOf } from './lost-rows.service.js';

export interface ExportWish extends AuditPeriod {
  format: 'jsonl' | 'csv';
}

/** Whether the audit is what was written, and taking it elsewhere (S76, S78). */
@Injectable()
export class AuditCommands {
  constructor(
    private readonly verifier: AuditVerifier,
    private readonly resumption: AuditResumption,
    private readonly lostRows: LostRowsService,
    private readonly rows: AuditExport,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  /** Recomputes the chain; exit code 1 where something is wrong. */
  async verify(options: VerifyOptions): Promise<Answer> {
    const verdict = await this.verifier.verify(options);
    const waiting = await this.resumption.gap();
    const lost = await this.lostRows.of([...verdict.gaps, ...(waiting === null ? [] : [waiting])]);
    const { intact, first, last, unsealed, checkpoints, exportedCheckpoints, problems, problemCount } =
      verdict;
    return {
      data: { ...verdict, lost: lost.rows, lostCount: lost.count },
      lines: [
        `Rows ${first} to ${last}, ${unsealed} waiting for their seal; ${checkpoints} checkpoints, ${exportedCheckpoints} exported ones.`,
        ...problems.map(({ kind, message }) => `  ${kind}: ${message}`),
        ...(problemCount > problems.length ? [`  … and ${problemCount - problems.length} more`] : []),
        ...toldOf(lost),
        intact ? 'Everything is as it was written.' : `${problemCount} things are not as they were written.`,
      ],
      ...(!intact && { exitCode: EXIT.failed }),
    };
  }

  /** Writes the rows of a period; that it was done is an event, written first (S78). @returns how many there were. @throws OutputClosed */
  async export({ since, until, format }: ExportWish, output: Writable): Promise<number> {
    await this.audit.record(this.database, OPERATOR, {
      action: 'audit.exported',
      outcome: 'success',
      object: { type: 'audit', id: 'events' },
      detail: { since, until, format },
    });
    let count = 0;
    let failure: NodeJS.ErrnoException | null = null;
    output.once('error', (error) => (failure = error));
    const write = async (text: string) => {
      if (!output.write(text)) await once(output, 'drain').catch(() => null);
      if (failure !== null) throw failure.code === 'EPIPE' ? new OutputClosed() : failure;
    };
    if (format === 'csv') await write(AUDIT_CSV_HEADER);
    for await (const entry of this.rows.rows({ since, until })) {
      await write(format === 'csv' ? auditCsvLine(entry) : `${auditJsonLine(entry)}\n`);
      count += 1;
    }
    return count;
  }
}
