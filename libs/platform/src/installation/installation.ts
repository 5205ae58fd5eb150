import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { Database, single, type Transaction } from '../database/database.js';
import { Keyring } from '../keyring/keyring.js';
import type { SealPlace } from '../keyring/sealed-value.js';

const LOOKUP_KEY: SealPlace = { table: 'installation', column: 'sealed_lookup_key', row: 'only' };

/** The facts that are made once, when the database is new, and are the same on every replica. */
@Injectable()
export class Installation {
  private facts: { collectiveId: string; clusterId: string; lookupKey: Buffer } | null = null;

  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  /** True once the first start has made the built-in objects. */
  async exists(): Promise<boolean> {
    return (await this.database.query('SELECT 1 FROM installation')).length > 0;
  }

  /** The sealed key of `keyedHash`, made before the transaction that stores it. */
  async sealLookupKey(): Promise<Buffer> {
    return this.keyring.seal(randomBytes(32), LOOKUP_KEY);
  }

  /** Writes the one row. Fails where it exists: an installation is made once. */
  async make(tx: Transaction, sealedLookupKey: Buffer): Promise<void> {
    await tx.execute(
      'INSERT INTO installation (collective_id, cluster_id, sealed_lookup_key, created_at) VALUES ($1, $2, $3, $4)',
      [randomUUID(), randomUUID(), sealedLookupKey, this.clock.now()],
    );
  }

  /** Reads the facts; called once at start, after the installation exists. */
  async open(): Promise<void> {
    const row = single(
      await this.database.query<{ collective_id: string; cluster_id: string; sealed_lookup_key: Buffer }>(
        'SELECT collective_id, cluster_id, sealed_lookup_key FROM installation',
      ),
    );
    const lookupKey = await this.keyring.unseal(row.sealed_lookup_key, LOOKUP_KEY);
    this.facts = { collectiveId: row.collective_id, clusterId: row.cluster_id, lookupKey };
  }

  get clusterId(): string {
    return this.opened.clusterId;
  }

  get collectiveId(): string {
    return this.opened.collectiveId;
  }

  /** HMAC-SHA-256 in hex under a key of this installation: what an unknown name is counted under (S10). */
  keyedHash(text: string): string {
    return createHmac('sha256', this.opened.lookupKey).update(text).digest('hex');
  }

  private get opened() {
    if (this.facts === null) throw new Error('the installation is not open yet');
    return this.facts;
  }
}
