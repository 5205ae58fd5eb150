import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ChangingAction } from '@sallyport/audit';
import { Clock, Database, type Transaction } from '@sallyport/platform';
import { NEW_ROLE, TokenRole, type TokenRoleValues } from './token-role.entity.js';

/** Roles tokens are created by at `/v1` (contract vault.md §9). Names come in canonical form. */
@Injectable()
export class TokenRolesService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(name: string, tx?: Transaction): Promise<TokenRole | null> {
    return (tx ?? this.database).manager.getRepository(TokenRole).findOneBy({ name });
  }

  /** The names, sorted. */
  async names(): Promise<string[]> {
    const rows = await this.database.query<{ name: string }>(
      'SELECT name FROM token_roles ORDER BY name COLLATE "C"',
    );
    return rows.map(({ name }) => name);
  }

  /**
   * Creates a role or changes it.
   * @param change what the role holds after it held `before`; runs inside the transaction, and may throw.
   * @param judge sees the role as it will be, inside the transaction; throws to undo everything (S48).
   */
  async write(
    name: string,
    change: (before: TokenRoleValues) => TokenRoleValues,
    judge: (tx: Transaction, after: TokenRoleValues, before: TokenRoleValues | null) => Promise<void>,
    actor: Actor,
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      // Of two first writes of one name the second is a change.
      await tx.execute('SELECT pg_advisory_xact_lock(hashtext($1))', [`token-role/${name}`]);
      const known = await this.find(name, tx);
      const values = change(known ?? NEW_ROLE);
      await judge(tx, values, known);
      const now = this.clock.now();
      const role = { ...values, name, createdAt: known?.createdAt ?? now, updatedAt: now };
      await tx.manager.getRepository(TokenRole).save(role);
      if (known === null) await this.record(tx, actor, 'token-role.created', null, role);
      else await this.record(tx, actor, 'token-role.changed', known, role);
    });
  }

  /** An unknown name changes nothing. */
  async remove(name: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const role = await this.find(name, tx);
      if (role === null) return;
      await tx.manager.getRepository(TokenRole).delete({ name });
      await this.record(tx, actor, 'token-role.deleted', role, null);
    });
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: ChangingAction,
    before: TokenRole | null,
    after: TokenRole | null,
  ): Promise<void> {
    const { name, createdAt: _, updatedAt: __, legacy: ___, ...detail } = (after ?? before)!;
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'token-role', id: name },
      detail,
      before,
      after,
    });
  }
}
