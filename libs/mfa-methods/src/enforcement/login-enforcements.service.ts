import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { isId } from '@sallyport/identity';
import { Clock, Database, DomainError, type Transaction } from '@sallyport/platform';
import { LoginEnforcement } from './login-enforcement.entity.js';

/** The name under which `/admin`'s setting shows at `/v1`; nobody may write it (vault.md §1.9). */
export const ADMIN_MFA = 'admin-mfa';

/** Absent fields keep their value. */
export interface EnforcementValues {
  mfaMethodIds?: string[];
  authMethodAccessors?: string[];
  authMethodTypes?: string[];
  identityGroupIds?: string[];
  identityEntityIds?: string[];
}

/** Login enforcements as `/v1` writes them. */
@Injectable()
export class LoginEnforcementsService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async find(name: string): Promise<LoginEnforcement | null> {
    return this.database.manager.getRepository(LoginEnforcement).findOneBy({ name });
  }

  async list(): Promise<LoginEnforcement[]> {
    return this.database.manager.getRepository(LoginEnforcement).find({ order: { name: 'ASC' } });
  }

  /**
   * Creates or changes an enforcement; a change counts for the next request.
   * @throws DomainError `conflict` code `reserved-name`; `invalid` codes, checked in this order, `missing-method-ids`, `unknown-method`,
   *   `unknown-accessor`, `unknown-mount-type`, `unknown-group`, `unknown-entity`, `no-subject`.
   */
  async write(name: string, values: EnforcementValues, actor: Actor): Promise<void> {
    if (name === ADMIN_MFA) throw reserved();
    await this.database.transaction(async (tx) => {
      await this.check(tx, values);
      // Of two first writes of one name the second is an update.
      await tx.execute('SELECT pg_advisory_xact_lock(hashtext($1))', [`login-enforcement/${name}`]);
      const repository = tx.manager.getRepository(LoginEnforcement);
      const known = await repository.findOne({ where: { name }, lock: { mode: 'pessimistic_write' } });
      const now = this.clock.now();
      const row = Object.assign(
        new LoginEnforcement(),
        known ?? newEnforcement(name, now),
        definedOf(values),
        { updatedAt: now },
      );
      await repository.save(row);
      await this.record(tx, actor, 'enforcement.changed', known, row);
    });
  }

  /** An unknown name changes nothing. */
  async remove(name: string, actor: Actor): Promise<void> {
    if (name === ADMIN_MFA) throw reserved();
    await this.database.transaction(async (tx) => {
      const repository = tx.manager.getRepository(LoginEnforcement);
      const known = await repository.findOneBy({ name });
      if (known === null) return;
      await repository.delete({ name });
      await this.record(tx, actor, 'enforcement.deleted', known, null);
    });
  }

  /** Names another person wherever one is named, for two who become one: what was owed is owed. */
  async replaceEntity(tx: Transaction, fromId: string, toId: string): Promise<void> {
    await tx.execute(REPLACE_ENTITY, [fromId, toId, this.clock.now()]);
  }

  private async check(tx: Transaction, values: EnforcementValues): Promise<void> {
    const { mfaMethodIds, authMethodAccessors, authMethodTypes, identityGroupIds, identityEntityIds } =
      values;
    if (!mfaMethodIds?.length) throw new DomainError('invalid', 'missing-method-ids', 'missing method ids');
    // The row locks keep a method from being deleted while it is being named.
    const methods = await tx.query<{ id: string }>(
      `SELECT id FROM mfa_methods WHERE id::text = ANY($1) AND 'vault' = ANY(offered_at) FOR SHARE`,
      [mfaMethodIds],
    );
    if (!allFound(mfaMethodIds, methods))
      throw new DomainError('invalid', 'unknown-method', `one of the provided method ids doesn't exist`);
    const mounts = await tx.query<{ accessor: string; type: string }>(
      `SELECT accessor, type FROM auth_mounts WHERE attached`,
    );
    if (!(authMethodAccessors ?? []).every((accessor) => mounts.some((mount) => mount.accessor === accessor)))
      throw new DomainError(
        'invalid',
        'unknown-accessor',
        'one of the auth method accessors provided is invalid',
      );
    if (!(authMethodTypes ?? []).every((type) => mounts.some((mount) => mount.type === type)))
      throw new DomainError(
        'invalid',
        'unknown-mount-type',
        'one of the auth method types provided is invalid',
      );
    const groups = await tx.query<{ id: string }>(
      'SELECT id FROM identity_groups WHERE id = ANY($1::uuid[]) FOR KEY SHARE',
      [(identityGroupIds ?? []).filter(isId)],
    );
    if (!allFound(identityGroupIds ?? [], groups))
      throw new DomainError('invalid', 'unknown-group', `one of the provided group ids doesn't exist`);
    const entities = await tx.query<{ id: string }>(
      'SELECT id FROM principals WHERE id = ANY($1::uuid[]) AND name IS NOT NULL',
      [(identityEntityIds ?? []).filter(isId)],
    );
    if (!allFound(identityEntityIds ?? [], entities))
      throw new DomainError('invalid', 'unknown-entity', `one of the provided entity ids doesn't exist`);
    const subjects = [authMethodAccessors, authMethodTypes, identityGroupIds, identityEntityIds];
    if (!subjects.some((list) => list !== undefined && list.length > 0))
      throw new DomainError(
        'invalid',
        'no-subject',
        'One of auth_method_accessors, auth_method_types, identity_group_ids, identity_entity_ids must be specified',
      );
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: 'enforcement.changed' | 'enforcement.deleted',
    before: LoginEnforcement | null,
    after: LoginEnforcement | null,
  ): Promise<void> {
    const { id, name, createdAt, updatedAt, ...detail } = (after ?? before)!;
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'login-enforcement', id },
      detail: { name, ...detail },
      before,
      after,
    });
  }
}

const REPLACE_ENTITY = `
  UPDATE login_enforcements SET updated_at = $3,
    identity_entity_ids = CASE WHEN $2 = ANY(identity_entity_ids) THEN array_remove(identity_entity_ids, $1)
      ELSE array_replace(identity_entity_ids, $1, $2) END
  WHERE $1 = ANY(identity_entity_ids)`;

function newEnforcement(name: string, now: Date): LoginEnforcement {
  return Object.assign(new LoginEnforcement(), {
    id: randomUUID(),
    name,
    mfaMethodIds: [],
    authMethodAccessors: [],
    authMethodTypes: [],
    identityGroupIds: [],
    identityEntityIds: [],
    createdAt: now,
  });
}

function definedOf(values: EnforcementValues): Partial<LoginEnforcement> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

function allFound(ids: string[], rows: { id: string }[]): boolean {
  const found = new Set(rows.map((row) => row.id));
  return ids.every((id) => found.has(id));
}

function reserved(): DomainError {
  return new DomainError('conflict', 'reserved-name', 'enforcement name is reserved');
}
