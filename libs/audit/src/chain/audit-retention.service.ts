import { Injectable } from '@nestjs/common';
import { after, Clock, Config, Database, takesTurn, type Transaction } from '@sallyport/platform';
import { SERVER } from '../actor.js';
import { AuditService } from '../audit.service.js';
import { AuditShipperService } from '../sinks/audit-shipper.service.js';

const DAY = 86_400;

/**
 * Removes what is older than the operator wants to keep: whole stretches up to a checkpoint that every sink has, oldest first, each with an
 * event that names it, so that verifying can tell it from what somebody else removed (S76).
 */
@Injectable()
export class AuditRetentionService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly config: Config,
    private readonly audit: AuditService,
    private readonly shipper: AuditShipperService,
  ) {}

  /** @returns how many rows went; 0 where nothing is too old, nothing may go yet, or another replica is at it. */
  async retain(): Promise<number> {
    const days = this.config.auditRetentionDays;
    if (days === null) return 0;
    const before = after(this.clock.now(), -days * DAY);
    const covered = await this.shipper.coveredByAll();
    for (let removed = 0; ;) {
      const rows = await this.database.transaction((tx) => this.removeStretch(tx, before, covered));
      if (rows === 0) return removed;
      removed += rows;
    }
  }

  private async removeStretch(tx: Transaction, before: Date, covered: number | null): Promise<number> {
    if (!(await takesTurn(tx, 'auditRetention'))) return 0;
    const [stretch] = await tx.query<{ number: string; hash: string }>(
      `SELECT number, encode(chain_hash, 'hex') AS hash FROM audit_checkpoints
       WHERE number >= (SELECT min(number) FROM audit_seals) AND at < $1 AND recorded_at < now() - interval '30 days' AND ($2::bigint IS NULL OR number <= $2::bigint)
       ORDER BY number LIMIT 1`,
      [before, covered],
    );
    if (stretch === undefined) return 0;
    const [row] = await tx.query<{ removed: string }>('SELECT remove_audit_stretch($1) AS removed', [
      stretch.number,
    ]);
    const rows = Number(row?.removed ?? 0);
    await this.audit.record(tx, SERVER, {
      action: 'audit.retained',
      outcome: 'success',
      object: { type: 'audit-checkpoint', id: stretch.number },
      detail: { through: Number(stretch.number), hash: stretch.hash, rows },
    });
    return rows;
  }
}
