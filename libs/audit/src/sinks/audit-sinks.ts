import { Injectable } from '@nestjs/common';
import { Config, OutgoingHttp } from '@sallyport/platform';
import { AuditFile } from './audit-file.js';

/** Milliseconds the webhook may take for one portion. */
const WEBHOOK_MS = 10_000;

/** A place outside the database (S76); start-up configuration alone says where it is (S78). */
export interface AuditSink {
  readonly name: 'file' | 'webhook';
  /** Whether it takes the rows too, or checkpoints alone. */
  readonly takesRows: boolean;
  /** The number of the last row it has, where it can be asked itself; else what was noted counts. */
  covered?(): Promise<number>;
  /** @returns whether it has them now; with false they are sent again later. */
  take(lines: string[], from: number, to: number): Promise<boolean>;
}

/** The sinks of this installation. */
@Injectable()
export class AuditSinks {
  readonly file: AuditFile | null;
  readonly all: AuditSink[];

  constructor(
    private readonly config: Config,
    private readonly http: OutgoingHttp,
  ) {
    const { auditCheckpointFile, auditWebhookUrl } = config;
    this.file = auditCheckpointFile === null ? null : new AuditFile(auditCheckpointFile);
    this.all = [
      ...(this.file === null ? [] : [this.fileSink(this.file)]),
      ...(auditWebhookUrl === null ? [] : [this.webhookSink(auditWebhookUrl)]),
    ];
  }

  private fileSink(file: AuditFile): AuditSink {
    return {
      name: 'file',
      takesRows: this.config.auditFileRows,
      covered: () => file.covered(),
      take: async (lines) => {
        await file.add(lines);
        return true;
      },
    };
  }

  private webhookSink(url: string): AuditSink {
    const { auditWebhookToken } = this.config;
    return {
      name: 'webhook',
      takesRows: true,
      take: async (lines, from, to) => {
        const answer = await this.http.call({
          method: 'POST',
          url,
          withinMs: WEBHOOK_MS,
          headers: {
            'Content-Type': 'application/x-ndjson',
            // An answer that is lost makes us send the same again; the receiver can tell.
            'Idempotency-Key': `${from}-${to}`,
            ...(auditWebhookToken === null ? {} : { Authorization: `Bearer ${auditWebhookToken}` }),
          },
          body: `${lines.join('\n')}\n`,
        });
        return answer !== null && answer.status >= 200 && answer.status < 300;
      },
    };
  }
}
