import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ChangingAction } from '@sallyport/audit';
import { canonicalName, FactorHistory } from '@sallyport/identity';
import {
  Clock,
  Database,
  DomainError,
  Keyring,
  readEntities,
  readEntity,
  type Transaction,
} from '@sallyport/platform';
import { MfaMethod, type MfaMethodType } from './mfa-method.entity.js';
import { type TotpConfig, totpConfigOf } from './totp/totp-config.js';
import { vendorSecretsPlace } from './vendor/vendor-secrets.service.js';

/** The time-based method every installation has: `/v1`'s `default`, `/admin`'s "Default Time-Based OTP Provider" (vault.md §1.5). */
export const DEFAULT_METHOD_ID = 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401';

/** What a write at `/v1` means, whatever the type. */
export interface MethodSettings {
  type: MfaMethodType;
  config: object;
  /** Names of settings that were not sent and keep their value where the method exists (vault.md §5.1). */
  kept?: readonly string[];
  /** Sealed, and never shown again. */
  secrets?: Readonly<Record<string, string>>;
}

/** Configured ways to prove a second factor (contract vault.md §5.1, appgate.md §4.1). */
@Injectable()
export class MfaMethodsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly history: FactorHistory,
    private readonly keyring: Keyring,
    private readonly clock: Clock,
  ) {}

  async find(id: string, tx?: Transaction): Promise<MfaMethod | null> {
    return readEntity(tx ?? this.database.gathered, MfaMethod, 'o.id = $1::uuid', [id]);
  }

  async findAll(ids: string[], tx?: Transaction): Promise<MfaMethod[]> {
    return ids.length === 0 ? [] : readEntities(tx ?? this.database, MfaMethod, 'o.id = ANY($1)', [ids]);
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
   * Creates a method, or replaces the one that already has the name.
   * @returns the method's id.
   * @throws DomainError `conflict` code `method-name-taken` where the name belongs to another type.
   */
  async create(name: string, settings: MethodSettings, actor: Actor): Promise<string> {
    for (;;) {
      const known = await this.named(name);
      const id = known?.id ?? randomUUID();
      // Sealed for its row before a transaction is open, for sealing may want a connection of its own (S65).
      const sealed = await this.seal(id, settings);
      if (await this.createAs(id, name, settings, sealed, actor)) return id;
      // Somebody else took the name, or gave it up, in between.
    }
  }

  /**
   * Replaces a method's settings whole; `name` null keeps the name.
   * @throws DomainError `not-found`; `conflict` codes `method-name-taken`; `invalid` code `built-in-method-change`.
   */
  async replace(id: string, name: string | null, settings: MethodSettings, actor: Actor): Promise<void> {
    const sealed = await this.seal(id, settings);
    await this.database.transaction(async (tx) => {
      const method = await this.find(id, tx);
      if (method === null || method.type !== settings.type || !method.offeredAt.includes('vault'))
        throw new DomainError('not-found', 'method-not-found', 'MFA method not found');
      const wanted = name ?? method.name ?? '';
      const other = await this.named(wanted, tx);
      if (other !== null && other.id !== id) throw nameTaken(wanted);
      await this.change(tx, method, wanted, settings, sealed, actor);
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
      await this.rememberSeeds(tx, method, actor);
      await this.repository(tx).delete({ id });
      await this.record(tx, actor, 'method.deleted', method, null);
    });
  }

  /** The bound seeds that go with their method (S64). */
  private async rememberSeeds(tx: Transaction, { id, type, name }: MfaMethod, actor: Actor): Promise<void> {
    const owners = await tx.query<{ principal_id: string }>(
      'SELECT principal_id FROM totp_enrollments WHERE method_id = $1 AND bound_at IS NOT NULL',
      [id],
    );
    const event = {
      kind: 'reset',
      factor: { type, methodId: id, methodName: name },
      reason: 'method deleted',
    } as const;
    await this.history.recordOfAll(
      tx,
      actor,
      owners.map((owner) => owner.principal_id),
      event,
    );
  }

  /** @returns false where the name is not, or no longer, that of the method with this id; then nothing was done. */
  private async createAs(
    id: string,
    name: string,
    settings: MethodSettings,
    sealed: Buffer | null,
    actor: Actor,
  ): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      // Of two first writes of one name the second is an update.
      if (name !== '')
        await tx.execute('SELECT pg_advisory_xact_lock(hashtext($1))', [`mfa-method/${canonicalName(name)}`]);
      const known = await this.named(name, tx);
      if (known !== null) {
        if (known.type !== settings.type) throw nameTaken(name);
        if (known.id !== id) return false;
        await this.change(tx, known, name, settings, sealed, actor);
        return true;
      }
      const now = this.clock.now();
      const method = Object.assign(new MfaMethod(), {
        id,
        type: settings.type,
        ...spelled(name),
        providerName: null,
        offeredAt: ['vault'],
        builtIn: false,
        config: { ...settings.config },
        sealedVendorSecrets: sealed,
        notes: '',
        tags: [],
        createdAt: now,
        updatedAt: now,
      });
      await this.repository(tx).insert(method as never);
      await this.record(tx, actor, 'method.created', null, method);
      return true;
    });
  }

  private async change(
    tx: Transaction,
    method: MfaMethod,
    name: string,
    { config, kept = [] }: MethodSettings,
    sealed: Buffer | null,
    actor: Actor,
  ): Promise<void> {
    if (method.builtIn && changesBuiltIn(method, name, config as TotpConfig))
      throw new DomainError('invalid', 'built-in-method-change', 'built-in MFA method cannot be changed');
    const before = Object.entries(method.config).filter(([field]) => kept.includes(field));
    const changes = {
      ...spelled(name),
      config: { ...config, ...Object.fromEntries(before) },
      sealedVendorSecrets: sealed,
      updatedAt: this.clock.now(),
    };
    await this.repository(tx).update({ id: method.id }, changes as never);
    await this.record(tx, actor, 'method.changed', method, { ...method, ...changes });
  }

  private async named(name: string, tx?: Transaction): Promise<MfaMethod | null> {
    return name === '' ? null : this.repository(tx).findOneBy({ nameCanonical: canonicalName(name) });
  }

  private async seal(id: string, { secrets }: MethodSettings): Promise<Buffer | null> {
    if (secrets === undefined) return null;
    return this.keyring.seal(Buffer.from(JSON.stringify(secrets)), vendorSecretsPlace(id));
  }

  private repository(tx?: Transaction) {
    return (tx ?? this.database).manager.getRepository(MfaMethod);
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: ChangingAction,
    before: MfaMethod | null,
    after: MfaMethod | null,
  ): Promise<void> {
    const method = (after ?? before)!;
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'mfa-method', id: method.id },
      detail: { type: method.type, name: method.name },
      before,
      after,
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
