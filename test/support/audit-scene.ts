import { createHash } from 'node:crypto';
import {
  type AuditProblem,
  AuditSealerService,
  AuditService,
  type AuditVerdict,
  AuditVerifier,
  SERVER,
  type VerifyOptions,
} from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { AuditKeeperService } from '../../libs/audit/src/audit-keeper.service.js';
import { type Core, type CoreOptions, startCore } from './core.js';

const TABLES = ['audit_events', 'audit_seals', 'audit_checkpoints'];

/** An audit somebody tampers with, by what owns the tables. */
export class AuditScene {
  private constructor(readonly core: Core) {}

  static async open(
    settings: Record<string, string> = {},
    replicaOf?: AuditScene,
    options: Pick<CoreOptions, 'clock'> = {},
  ): Promise<AuditScene> {
    const core = await startCore({ ...options, settings, ...(replicaOf && { replicaOf: replicaOf.core }) });
    // Nothing is sealed or sent but when a test says so.
    await core.get(AuditKeeperService).onApplicationShutdown();
    return new AuditScene(core);
  }

  close(): Promise<void> {
    return this.core.stop();
  }

  /** Writes so many rows. */
  async write(count: number, name = 'row'): Promise<void> {
    for (let index = 0; index < count; index += 1)
      await this.core.get(AuditService).record(
        this.core.get(Database),
        { ...SERVER, name: `${name} ${index}` },
        {
          action: 'tag.created',
          outcome: 'success',
          object: { type: 'tag', id: `${name}-${index}` },
          detail: { index },
          before: null,
          after: null,
        },
      );
  }

  /** Seals until nothing waits. */
  async seal(): Promise<void> {
    do await this.core.get(AuditSealerService).seal();
    while ((await this.rows('SELECT 1 FROM audit_unsealed LIMIT 1')).length > 0);
  }

  /** Seals, and ends the stretch: a minute later. @returns the checkpoint's number. */
  async checkpoint(): Promise<number> {
    await this.seal();
    this.core.clock.advance(61);
    await this.core.get(AuditSealerService).seal();
    return this.head();
  }

  async head(): Promise<number> {
    return Number(
      (await this.rows('SELECT coalesce(max(number), 0) AS number FROM audit_seals'))[0]!['number'],
    );
  }

  async rows(text: string, values: unknown[] = []): Promise<Record<string, any>[]> {
    return (await this.core.database.query(text, values)).rows;
  }

  /** As the owner of the tables would, in one transaction. */
  async tamper(...statements: (string | [string, unknown[]])[]): Promise<void> {
    const client = await this.core.database.connect();
    try {
      await client.query('BEGIN');
      for (const table of TABLES) await client.query(`ALTER TABLE ${table} DISABLE TRIGGER USER`);
      for (const statement of statements)
        await (typeof statement === 'string' ? client.query(statement) : client.query(...statement));
      for (const table of TABLES) await client.query(`ALTER TABLE ${table} ENABLE TRIGGER USER`);
      await client.query('COMMIT');
    } catch (error) {
      await client.query('ROLLBACK');
      throw error;
    } finally {
      client.release();
    }
  }

  verify(options?: VerifyOptions): Promise<AuditVerdict> {
    return this.core.get(AuditVerifier).verify(options);
  }

  /** What verifying finds, briefly. */
  async found(options?: VerifyOptions): Promise<[AuditProblem['kind'], number | null][]> {
    return (await this.verify(options)).problems.map(({ kind, number }) => [kind, number]);
  }

  /** Chains anew from a number on, as whoever has no keys can: every hash follows on the one before it. */
  async chainAnew(from: number): Promise<void> {
    const seals = await this.rows(
      'SELECT number, chain_hash FROM audit_seals WHERE number >= $1 ORDER BY number',
      [from - 1],
    );
    let previous = seals[0]!['chain_hash'] as Buffer;
    for (const { number } of seals.slice(1)) {
      previous = createHash('sha256').update(previous).update(String(number)).digest();
      await this.tamper(['UPDATE audit_seals SET chain_hash = $2 WHERE number = $1', [number, previous]]);
    }
  }
}
