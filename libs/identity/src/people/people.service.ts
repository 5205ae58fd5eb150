import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Clock, type Transaction } from '@sallyport/platform';
import { canonicalName } from '../names/index.js';
import { Account } from './account.entity.js';
import { Principal } from './principal.entity.js';

/** Principals and their accounts: who a login belongs to. */
@Injectable()
export class PeopleService {
  constructor(
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * The account of this name at this provider, made together with a hidden principal where there is none.
   * An account that outlived its user is the same person again (vault.md §8).
   */
  async accountFor(tx: Transaction, identityProviderId: string, name: string): Promise<Account> {
    const accounts = tx.manager.getRepository(Account);
    const nameCanonical = canonicalName(name);
    const known = await accounts.findOneBy({ identityProviderId, nameCanonical });
    if (known !== null) return known;
    const principal = await this.addPrincipal(tx);
    return accounts.save(this.newAccount(identityProviderId, principal.id, name));
  }

  /** A hidden principal: nobody has signed in as it, bound a factor to it or named it. */
  async addPrincipal(tx: Transaction): Promise<Principal> {
    const now = this.clock.now();
    return tx.manager.getRepository(Principal).save({
      id: randomUUID(),
      name: null,
      nameCanonical: null,
      metadata: {},
      policies: [],
      disabled: false,
      mergedIds: [],
      createdAt: now,
      updatedAt: now,
    });
  }

  newAccount(identityProviderId: string, principalId: string, name: string): Account {
    const now = this.clock.now();
    return Object.assign(new Account(), {
      id: randomUUID(),
      identityProviderId,
      principalId,
      name,
      nameCanonical: canonicalName(name),
      customMetadata: {},
      mergedFromIds: [],
      createdAt: now,
      updatedAt: now,
    });
  }

  /**
   * Makes a principal visible as an entity at `/v1` (vault.md §1.3): named `entity_` and 8 hex digits,
   * another number where that name is taken. A visible one keeps its name.
   */
  async show(tx: Transaction, principalId: string, actor: Actor): Promise<void> {
    for (;;) {
      const name = `entity_${randomBytes(4).toString('hex')}`;
      const [row] = await tx.query<{ name: string | null; taken: boolean }>(
        `SELECT name, EXISTS (SELECT 1 FROM principals WHERE name_canonical = $2) AS taken FROM principals WHERE id = $1`,
        [principalId, name],
      );
      if (row === undefined || row.name !== null) return;
      if (row.taken) continue;
      const shown = await tx.execute(
        'UPDATE principals SET name = $2, name_canonical = $2, updated_at = $3 WHERE id = $1 AND name IS NULL',
        [principalId, name, this.clock.now()],
      );
      if (shown === 0) return;
      const object = { type: 'entity', id: principalId };
      return this.audit.record(tx, actor, {
        action: 'entity.shown',
        outcome: 'success',
        object,
        detail: { name },
        before: { name: null },
        after: { name },
      });
    }
  }

  /** All tokens issued to this principal so far count no more, in both dialects (S39, S40). */
  async endTokens(tx: Transaction, principalId: string): Promise<void> {
    await tx.execute('UPDATE principals SET token_epoch = token_epoch + 1 WHERE id = $1', [principalId]);
  }

  /** Sign-ins of this principal that are not finished can no longer be (S37). */
  async endSignIns(tx: Transaction, principalId: string): Promise<void> {
    await tx.execute(
      `UPDATE local_users SET credential_version = credential_version + 1
       WHERE account_id IN (SELECT id FROM accounts WHERE principal_id = $1)`,
      [principalId],
    );
  }

  /** Removes a principal nobody has seen and nothing belongs to any more. */
  async dropIfHidden(tx: Transaction, principalId: string): Promise<void> {
    await tx.execute(
      `DELETE FROM principals p WHERE p.id = $1 AND p.name IS NULL AND NOT EXISTS
         (SELECT 1 FROM accounts a JOIN local_users u ON u.account_id = a.id WHERE a.principal_id = p.id)`,
      [principalId],
    );
  }
}
