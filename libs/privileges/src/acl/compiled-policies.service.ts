import { setImmediate as breathe } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Database, type Sql } from '@sallyport/platform';
import { AclIndex } from './acl-index.js';
import type { PolicyRule } from './policy-rule.js';
import { readPolicy } from './policy-rules.js';

interface Compiled {
  version: number;
  rules: PolicyRule[];
}

interface PolicyRow {
  acl_epoch: string;
  name: string | null;
  version: string | null;
  text: string | null;
}

/**
 * What this process keeps of the policies: read and arranged once, and used only while it is what the database held when the request's
 * token was read (S47). No answers are kept.
 */
@Injectable()
export class CompiledPoliciesService {
  private version = -1;
  private policies = new Map<string, Compiled>();
  private index = new AclIndex();
  private loading: Promise<void> | null = null;

  constructor(private readonly database: Database) {}

  /** The index of all policies, at least as new as `version`. Only policies that changed are fetched and read again. */
  async asOf(version: number): Promise<AclIndex> {
    while (this.version !== version) {
      await (this.loading ??= this.load().finally(() => (this.loading = null)));
      // A load that was on its way may have looked before the change; a newer state is as good as the wanted one.
      if (this.version >= version) break;
    }
    return this.index;
  }

  /** The rules of these policies, or of all, as a transaction sees them; who is not there has none. */
  async rulesIn(tx: Sql, names: readonly string[] | null): Promise<Map<string, PolicyRule[]>> {
    const present = await tx.query<{ name: string; version: string }>(
      'SELECT name, version FROM acl_policies WHERE $1::text[] IS NULL OR name = ANY($1)',
      [names],
    );
    const unknown = present.filter(
      ({ name, version }) => this.policies.get(name)?.version !== Number(version),
    );
    const texts = await tx.query<{ name: string; text: string }>(
      'SELECT name, text FROM acl_policies WHERE name = ANY($1)',
      [unknown.map(({ name }) => name)],
    );
    const fresh = new Map(texts.map(({ name, text }) => [name, readPolicy(text)]));
    return new Map(
      present.map(({ name }) => [name, fresh.get(name) ?? this.policies.get(name)?.rules ?? []]),
    );
  }

  private async load(): Promise<void> {
    const rows = await this.database.query<PolicyRow>(CHANGED, [this.version]);
    const version = Number(rows[0]?.acl_epoch);
    if (version < this.version) return this.loadAnew();
    const changed = new Map<string, Compiled>();
    for (const row of rows) {
      if (row.name === null || row.text === null) continue;
      changed.set(row.name, { version: Number(row.version), rules: readPolicy(row.text) });
      await breathe();
    }
    this.take(version, new Set(rows.map(({ name }) => name)), changed);
  }

  /** The database is an older one than this process has seen: a backup was put back. */
  private async loadAnew(): Promise<void> {
    this.version = -1;
    this.policies = new Map();
    this.index = new AclIndex();
    await this.load();
  }

  /** All at once, so that nobody is judged by half a change. */
  private take(
    version: number,
    present: ReadonlySet<string | null>,
    changed: ReadonlyMap<string, Compiled>,
  ): void {
    for (const [name, { rules }] of this.policies) {
      if (present.has(name) && !changed.has(name)) continue;
      this.index.remove(name, rules);
      this.policies.delete(name);
    }
    for (const [name, compiled] of changed) {
      this.index.add(name, compiled.rules);
      this.policies.set(name, compiled);
    }
    this.version = version;
  }
}

const CHANGED = `
  SELECT i.acl_epoch, p.name, p.version, CASE WHEN p.version > $1 THEN p.text END AS text
  FROM installation i LEFT JOIN acl_policies p ON true`;
