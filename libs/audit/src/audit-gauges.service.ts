import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Clock, Database, Metrics } from '@sallyport/platform';
import { AuditSealerService } from './chain/audit-sealer.service.js';
import { AuditSinks } from './sinks/audit-sinks.js';

/** More rows than this are not counted one by one. */
const MOST_COUNTED = 100_000;

/** How far a sink is behind. */
export interface SinkStanding {
  name: string;
  /** Sealed rows up to the last checkpoint that it has not taken. */
  behindRows: number;
  /** Seconds since the oldest checkpoint it has not taken; 0 where it has them all. */
  lagSeconds: number;
}

/** How far the audit's background work is behind what happens. */
export interface AuditStanding {
  /** Seconds the oldest row has waited for its seal. */
  sealLagSeconds: number;
  /** Rows that wait for their seal, at most 100 000. */
  unsealedRows: number;
  sinks: SinkStanding[];
}

/** Tells metrics and operators how the audit stands (S75, S76). */
@Injectable()
export class AuditGauges implements OnModuleInit {
  constructor(
    private readonly database: Database,
    private readonly sealer: AuditSealerService,
    private readonly sinks: AuditSinks,
    private readonly metrics: Metrics,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    const { sealLag, unsealed, sinkLag, sinkBehind } = this.metrics;
    this.metrics.onScrape('audit', [sealLag, unsealed, sinkLag, sinkBehind], async () => {
      const standing = await this.look();
      sealLag.set(standing.sealLagSeconds);
      unsealed.set(standing.unsealedRows);
      for (const { name, lagSeconds, behindRows } of standing.sinks) {
        sinkLag.set({ sink: name }, lagSeconds);
        sinkBehind.set({ sink: name }, behindRows);
      }
    });
  }

  /** @throws DomainError `unavailable` without the database. */
  async look(): Promise<AuditStanding> {
    const [rows] = await this.database.query<{ count: string }>(
      `SELECT count(*) FROM (SELECT 1 FROM audit_unsealed LIMIT ${MOST_COUNTED}) AS waiting`,
    );
    return {
      sealLagSeconds: await this.sealer.lagSeconds(),
      unsealedRows: Number(rows?.count ?? 0),
      sinks: await this.sinkStandings(),
    };
  }

  private async sinkStandings(): Promise<SinkStanding[]> {
    if (this.sinks.all.length === 0) return [];
    const rows = await this.database.query<{ name: string; behind: string; oldest: Date | null }>(SINKS, [
      this.sinks.all.map(({ name }) => name),
    ]);
    const now = this.clock.now().getTime();
    return rows.map(({ name, behind, oldest }) => ({
      name,
      behindRows: Number(behind),
      lagSeconds: oldest === null ? 0 : Math.max(0, (now - oldest.getTime()) / 1000),
    }));
  }
}

// A sink nobody has sent to yet has taken nothing.
const SINKS = `
  SELECT name.name, greatest(coalesce((SELECT max(c.number) FROM audit_checkpoints c), 0) - taken.number, 0) AS behind,
    (SELECT c.at FROM audit_checkpoints c WHERE c.number > taken.number ORDER BY c.number LIMIT 1) AS oldest
  FROM unnest($1::text[]) AS name LEFT JOIN audit_sinks s ON s.name = name.name
  CROSS JOIN LATERAL (SELECT coalesce(s.number, 0) AS number) AS taken`;
