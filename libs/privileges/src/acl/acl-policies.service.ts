import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Clock, Database, DomainError, single, type Transaction } from '@sallyport/platform';
import { AclAuthority } from './acl-authority.service.js';
import type { AclSubject } from './acl-subject.js';
import type { PolicyRule } from './policy-rule.js';
import { readPolicy } from './policy-rules.js';
import { PolicyTextError } from './policy-text-error.js';

/** A policy as it was written; `root` is none, for it is no text. */
export interface AclPolicy {
  name: string;
  text: string;
}

/** Reads and writes ACL policies (contract vault.md §11, §12). Names come in canonical (S51). */
@Injectable()
export class AclPoliciesService {
  constructor(
    private readonly database: Database,
    private readonly authority: AclAuthority,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** The names of all policies, in order; `root` is not among them. */
  async names(): Promise<string[]> {
    const rows = await this.database.query<{ name: string }>(
      'SELECT name FROM acl_policies ORDER BY name COLLATE "C"',
    );
    return rows.map(({ name }) => name);
  }

  async find(name: string): Promise<AclPolicy | null> {
    const [row] = await this.database.query<AclPolicy & { name: string }>(
      'SELECT name, text FROM acl_policies WHERE name = $1',
      [name],
    );
    return row ?? null;
  }

  /** Which of these names no policy has. */
  async missing(names: readonly string[]): Promise<string[]> {
    const rows = await this.database.query<{ name: string }>(
      'SELECT name FROM acl_policies WHERE name = ANY($1)',
      [names],
    );
    const known = new Set(rows.map(({ name }) => name));
    return names.filter((name) => name !== 'root' && !known.has(name));
  }

  /**
   * Makes or replaces a policy. In force with the next request on every replica (S47).
   * @throws DomainError `invalid` codes `root-policy`, `policy-text`; `forbidden` code `acl-escalation` (S48).
   */
  async write(name: string, text: string, holder: AclSubject, actor: Actor): Promise<void> {
    const rules = understood(text);
    if (name === 'root') throw new DomainError('invalid', 'root-policy', 'cannot update "root" policy');
    await this.database.transaction(async (tx) => {
      const version = await this.beginChange(tx);
      await this.authority.mustCoverChange(tx, holder, name, rules);
      const { before } = single(
        await tx.query<{ before: string | null }>(
          `WITH old AS (SELECT text FROM acl_policies WHERE name = $1)
           INSERT INTO acl_policies (name, text, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $4)
           ON CONFLICT (name) DO UPDATE SET text = $2, version = $3, updated_at = $4 RETURNING (SELECT text FROM old) AS before`,
          [name, text, version, this.clock.now()],
        ),
      );
      await this.record(tx, actor, name, before, text);
    });
  }

  /**
   * Deletes a policy; whoever still names it has nothing from it. One that is not there is as good as deleted.
   * @throws DomainError `invalid` codes `root-policy`, `default-policy`; `forbidden` code `acl-escalation` (S48).
   */
  async remove(name: string, holder: AclSubject, actor: Actor): Promise<void> {
    if (name === 'root') throw new DomainError('invalid', 'root-policy', 'cannot delete "root" policy');
    if (name === 'default')
      throw new DomainError('invalid', 'default-policy', 'cannot delete default policy');
    await this.database.transaction(async (tx) => {
      await this.beginChange(tx);
      await this.authority.mustCoverChange(tx, holder, name, []);
      const [deleted] = await tx.query<{ text: string }>(
        'DELETE FROM acl_policies WHERE name = $1 RETURNING text',
        [name],
      );
      if (deleted !== undefined) await this.record(tx, actor, name, deleted.text, null);
    });
  }

  /** Changes of policies wait for each other; nothing else is locked before. */
  private async beginChange(tx: Transaction): Promise<number> {
    const rows = await tx.query<{ acl_epoch: string }>(
      'UPDATE installation SET acl_epoch = acl_epoch + 1 RETURNING acl_epoch',
    );
    return Number(single(rows).acl_epoch);
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    name: string,
    before: string | null,
    after: string | null,
  ): Promise<void> {
    const act = before === null ? 'created' : after === null ? 'deleted' : 'changed';
    await this.audit.record(tx, actor, {
      action: `acl-policy.${act}`,
      outcome: 'success',
      object: { type: 'acl-policy', id: name },
      before: textOf(before),
      after: textOf(after),
    });
  }
}

function textOf(text: string | null): { text: string } | null {
  return text === null ? null : { text };
}

function understood(text: string): PolicyRule[] {
  try {
    return readPolicy(text);
  } catch (error) {
    if (!(error instanceof PolicyTextError)) throw error;
    throw new DomainError('invalid', 'policy-text', `failed to parse policy: ${error.message}`);
  }
}
