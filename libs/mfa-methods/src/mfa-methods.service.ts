import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, type AuditAction, AuditService } from '@sallyport/audit';
import { canonicalName } from '@sallyport/identity';
import { Clock, Database, DomainError, type Transaction } from '@sallyport/platform';
import { In } from 'typeorm';
import { MfaMethod, type MfaMethodType } from './mfa-method.entity.js';
import { type TotpConfig, totpConfigOf } from './totp/totp-config.js';

/** The time-based method every installation has: `/v1`'s `default`, `/admin`'s "Default Time-Based OTP Provider" (vault.md §1.5). */
export const DEFAULT_METHOD_ID = 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401';

/** Configured ways to prove a second factor (contract vault.md §5.1, appgate.md §4.1). */
@Injectable()
export class MfaMethodsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(id: string, tx?: Transaction): Promise<MfaMethod | null> {
    return this.repository(tx).findOneBy({ id });
  }

  async findAll(ids: string[], tx?: Transaction): Promise<MfaMethod[]> {
    return ids.length === 0 ? [] : this.repository(tx).findBy({ id: In(ids) });
  }

  /** The methods `/v1` lists, the built-in one first. */
  async listForVault(type?: MfaMethodType): Promise<MfaMethod[]> {
    const methods = await this.repository().find({
      where: type ? { type } : {},
      order: { builtIn: 'DESC', createdAt: 'ASC', id: 'ASC' },
    });
    return methods.filter((method) => method.offeredAt.includes('vault'));
  }

  /**
   * Creates a TOTP method, or replaces the one that already has the name.
   * @returns the method's id.
   * @throws DomainError `conflict` code `method-name-taken` where the name belongs to another type.
   */
  async createTotp(name: string, config: TotpConfig, actor: Actor): Promise<string> {
    return this.database.transaction(async (tx) => {
      // Of two first writes of one name the second is an update.
      if (name !== '')
        await tx.execute('SELECT pg_advisory_xact_lock(hashtext($1))', [`mfa-method/${canonicalName(name)}`]);
      const known =
        name === '' ? null : await this.repository(tx).findOneBy({ nameCanonical: canonicalName(name) });
      if (known !== null) {
        if (known.type !== 'totp') throw nameTaken(name);
        await this.change(tx, known, name, config, actor);
        return known.id;
      }
      const now = this.clock.now();
      const method = Object.assign(new MfaMethod(), {
        id: randomUUID(),
        type: 'totp' as const,
        ...spelled(name),
        providerName: null,
        offeredAt: ['vault'],
        builtIn: false,
        config: { ...config },
        notes: '',
        tags: [],
        createdAt: now,
        updatedAt: now,
      });
      await this.repository(tx).insert(method as never);
      await this.record(tx, actor, 'method.created', method);
      return method.id;
    });
  }

  /**
   * Replaces a TOTP method's settings whole; `name` null keeps the name.
   * @throws DomainError `not-found`; `conflict` codes `method-name-taken`; `invalid` code `built-in-method-change`.
   */
  async replaceTotp(id: string, name: string | null, config: TotpConfig, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const method = await this.find(id, tx);
      if (method === null || method.type !== 'totp')
        throw new DomainError('not-found', 'method-not-found', 'MFA method not found');
      const wanted = name ?? method.name ?? '';
      const other =
        wanted === '' ? null : await this.repository(tx).findOneBy({ nameCanonical: canonicalName(wanted) });
      if (other !== null && other.id !== id) throw nameTaken(wanted);
      await this.change(tx, method, wanted, config, actor);
    });
  }

  /**
   * Deletes a method with every seed and counter of it. An unknown id changes nothing.
   * @throws DomainError `conflict` codes `method-in-use` (detail `enforcementId`), `method-type-mismatch`, `built-in-method-delete`.
   */
  async remove(type: MfaMethodType, id: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      // Whoever is naming the method in an enforcement meanwhile holds it: wait, then look (`LoginEnforcementsService.write`).
      await tx.execute('SELECT 1 FROM mfa_methods WHERE id = $1 FOR UPDATE', [id]);
      const [user] = await tx.query<{ id: string }>(
        'SELECT id FROM login_enforcements WHERE $1::uuid = ANY(mfa_method_ids) LIMIT 1 FOR SHARE',
        [id],
      );
      if (user !== undefined)
        throw new DomainError(
          'conflict',
          'method-in-use',
          `methodID is still used by an enforcement configuration with ID: ${user.id}`,
          {
            enforcementId: user.id,
          },
        );
      const method = await this.find(id, tx);
      if (method === null || !method.offeredAt.includes('vault')) return;
      if (method.type !== type)
        throw new DomainError(
          'conflict',
          'method-type-mismatch',
          'method type does not match the MFA config type',
        );
      if (method.builtIn)
        throw new DomainError('conflict', 'built-in-method-delete', 'built-in MFA method cannot be deleted');
      await this.repository(tx).delete({ id });
      await this.record(tx, actor, 'method.deleted', method);
    });
  }

  private async change(
    tx: Transaction,
    method: MfaMethod,
    name: string,
    config: TotpConfig,
    actor: Actor,
  ): Promise<void> {
    if (method.builtIn && changesBuiltIn(method, name, config))
      throw new DomainError('invalid', 'built-in-method-change', 'built-in MFA method cannot be changed');
    await this.repository(tx).update(
      { id: method.id },
      { ...spelled(name), config: { ...config }, updatedAt: this.clock.now() },
    );
    await this.record(tx, actor, 'method.changed', method);
  }

  private repository(tx?: Transaction) {
    return (tx ?? this.database).manager.getRepository(MfaMethod);
  }

  private async record(tx: Transaction, actor: Actor, action: AuditAction, method: MfaMethod): Promise<void> {
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'mfa-method', id: method.id },
      detail: { type: method.type, name: method.name },
    });
  }
}

function spelled(name: string): { name: string | null; nameCanonical: string | null } {
  return name === '' ? { name: null, nameCanonical: null } : { name, nameCanonical: canonicalName(name) };
}

/** `/admin`'s otpauth URLs imply SHA1, 6 digits, 30 s: these and the name stay (vault.md §5.1). */
function changesBuiltIn(method: MfaMethod, name: string, config: TotpConfig): boolean {
  const before = totpConfigOf(method);
  return (
    name !== (method.name ?? '') ||
    config.algorithm !== before.algorithm ||
    config.digits !== before.digits ||
    config.period !== before.period
  );
}

function nameTaken(name: string): DomainError {
  return new DomainError(
    'conflict',
    'method-name-taken',
    `a login MFA method configuration with the method name ${name} already exists`,
    { name },
  );
}
