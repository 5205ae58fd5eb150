import { randomBytes, randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import {
  Clock,
  Database,
  DomainError,
  readEntity,
  type Reads,
  type Transaction,
  violatedConstraint,
} from '@sallyport/platform';
import { canonicalName } from '../names/index.js';
import { IdentityProvider } from '../providers/identity-provider.entity.js';
import { IdentityProvidersService } from '../providers/identity-providers.service.js';
import { LocalUsersService } from '../local-users/local-users.service.js';
import { AuthMount } from './auth-mount.entity.js';
import {
  changedLockout,
  changedThreshold,
  type LockoutChange,
  LOCKOUT_DEFAULTS,
  type MountLockout,
} from './mount-lockout.js';

/** The path of the mount that is the provider `local` of `/admin` (vault.md §1.4). */
export const LOCAL_MOUNT_PATH = 'userpass';

export interface NewMount {
  description: string;
  defaultLeaseTtl: number;
  maxLeaseTtl: number;
  listingVisibility: string | null;
  tokenType: string;
  /** What was said of the waits after wrong passwords. */
  lockout?: LockoutChange;
}

/** Auth mounts of `/v1`: a path in front of an identity provider. */
@Injectable()
export class AuthMountsService {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersService,
    private readonly localUsers: LocalUsersService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  async attached(): Promise<AuthMount[]> {
    return this.database.manager
      .getRepository(AuthMount)
      .find({ where: { attached: true }, order: { path: 'ASC' } });
  }

  async findAttached(path: string): Promise<AuthMount | null> {
    return readEntity(this.database.gathered, AuthMount, 'o.path = $1::text AND o.attached', [path]);
  }

  async find(id: string): Promise<AuthMount | null> {
    return readEntity(this.database.gathered, AuthMount, 'o.id = $1::uuid', [id]);
  }

  /** Attached or not: an accessor never changes (vault.md §1.4). */
  async findByAccessor(accessor: string, tx?: Transaction): Promise<AuthMount | null> {
    return (tx ?? this.database).manager.getRepository(AuthMount).findOneBy({ accessor });
  }

  /** The mount in front of a provider, attached or not. */
  async findByProvider(identityProviderId: string, tx?: Transaction): Promise<AuthMount | null> {
    return (tx ?? this.database).manager.getRepository(AuthMount).findOneBy({ identityProviderId });
  }

  /** An attached mount, which is not disabled before the transaction ends that writes what belongs to it. */
  async hold(
    tx: Transaction,
    where: Pick<AuthMount, 'accessor'> | { identityProviderId: string },
  ): Promise<AuthMount | null> {
    return tx.manager
      .getRepository(AuthMount)
      .findOne({ where: { ...where, attached: true }, lock: { mode: 'pessimistic_read' } });
  }

  /** What was tuned of the waits at a provider's mount, attached or not; null: nothing. Asked for with every password. */
  async lockoutOf(
    identityProviderId: string,
    reads: Reads = this.database.gathered,
  ): Promise<MountLockout | null> {
    const [row] = await reads.query<{ lockout: MountLockout | null }>(
      'SELECT user_lockout_config AS lockout FROM auth_mounts WHERE identity_provider_id = $1::uuid',
      [identityProviderId],
    );
    return row?.lockout ?? null;
  }

  /**
   * Enables type `userpass` at a path: at `userpass` it attaches the provider `local`, elsewhere it makes a store of its own.
   * @throws DomainError `conflict` where the path is in use.
   */
  async attach(path: string, mount: NewMount, actor: Actor): Promise<AuthMount> {
    return this.database.transaction(async (tx) => {
      const attached =
        path === LOCAL_MOUNT_PATH ? await this.attachLocal(tx, mount) : await this.attachNew(tx, path, mount);
      await this.record(tx, actor, 'mount.attached', attached);
      return attached;
    });
  }

  /**
   * Disables a mount: logins stop and tokens issued through it end. The provider `local` keeps its users, every other one loses them.
   * A path that is not attached changes nothing.
   */
  async detach(path: string, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      const mounts = tx.manager.getRepository(AuthMount);
      const mount = await mounts.findOne({
        where: { path, attached: true },
        lock: { mode: 'pessimistic_write' },
      });
      if (mount === null || mount.identityProviderId === null) return;
      await this.detachFromProvider(tx, mount, actor);
      await this.record(tx, actor, 'mount.detached', mount);
    });
  }

  private async attachLocal(tx: Transaction, { lockout, ...mount }: NewMount): Promise<AuthMount> {
    const mounts = tx.manager.getRepository(AuthMount);
    const changed = await mounts.update(
      { path: LOCAL_MOUNT_PATH, attached: false },
      { ...mount, userLockout: lockout ? changedLockout(null, lockout) : null, attached: true },
    );
    if (changed.affected !== 1) throw pathInUse(LOCAL_MOUNT_PATH);
    await this.setThreshold(tx, lockout);
    // What a login that was going on while it was detached has issued stays dead.
    await tx.execute('UPDATE auth_mounts SET token_epoch = token_epoch + 1 WHERE path = $1', [
      LOCAL_MOUNT_PATH,
    ]);
    return mounts.findOneByOrFail({ path: LOCAL_MOUNT_PATH });
  }

  /** The threshold of `userpass/` is the one of the provider `local` (vault.md §7). */
  private async setThreshold(tx: Transaction, lockout: LockoutChange | undefined): Promise<void> {
    const threshold = lockout === undefined ? null : changedThreshold(lockout);
    if (threshold === null) return;
    const { id } = await this.providers.local(tx);
    const changed = { userLockoutThreshold: threshold, updatedAt: this.clock.now() };
    await tx.manager.getRepository(IdentityProvider).update({ id }, changed);
  }

  private async attachNew(
    tx: Transaction,
    path: string,
    { lockout, ...mount }: NewMount,
  ): Promise<AuthMount> {
    const local = await this.providers.local(tx);
    const now = this.clock.now();
    const provider = await tx.manager.getRepository(IdentityProvider).save({
      ...local,
      id: randomUUID(),
      type: 'Userpass' as const,
      name: path,
      nameCanonical: canonicalName(path),
      builtIn: false,
      adminProvider: false,
      notes: '',
      tags: [],
      claimMappings: [],
      userLockoutThreshold: changedThreshold(lockout ?? {}) ?? LOCKOUT_DEFAULTS.threshold,
      userLockoutDurationMinutes: 1,
      createdAt: now,
      updatedAt: now,
    });
    const userLockout = lockout ? changedLockout(null, lockout) : null;
    try {
      return await tx.manager
        .getRepository(AuthMount)
        .save({ ...newMount(path, 'userpass', provider.id, now), ...mount, userLockout, attached: true });
    } catch (error) {
      if (violatedConstraint(error) === 'auth_mounts__path') throw pathInUse(path);
      throw error;
    }
  }

  private async detachFromProvider(tx: Transaction, mount: AuthMount, actor: Actor): Promise<void> {
    await tx.execute('UPDATE auth_mounts SET attached = false, token_epoch = token_epoch + 1 WHERE id = $1', [
      mount.id,
    ]);
    if (mount.path === LOCAL_MOUNT_PATH) return;
    const provider = await this.providers.find(mount.identityProviderId!, tx);
    if (provider === null) return;
    await this.localUsers.removeAllOf(tx, provider, actor);
    await tx.manager.getRepository(IdentityProvider).delete({ id: provider.id });
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: 'mount.attached' | 'mount.detached',
    mount: AuthMount,
  ): Promise<void> {
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object: { type: 'auth-mount', id: mount.id },
      detail: { path: mount.path, type: mount.type },
      before: action === 'mount.detached' ? mount : null,
      after: action === 'mount.attached' ? mount : null,
    });
  }
}

/** A mount with the defaults of a new one; the accessor is `auth_<type>_` and 8 hex digits (vault.md §2.6). */
export function newMount(
  path: string,
  type: AuthMount['type'],
  identityProviderId: string | null,
  now: Date,
): AuthMount {
  return Object.assign(new AuthMount(), {
    id: randomUUID(),
    identityProviderId,
    type,
    path,
    accessor: `auth_${type}_${randomBytes(4).toString('hex')}`,
    attached: true,
    description: '',
    defaultLeaseTtl: 0,
    maxLeaseTtl: 0,
    listingVisibility: null,
    tokenType: 'default-service',
    userLockout: null,
    createdAt: now,
  });
}

function pathInUse(path: string): DomainError {
  return new DomainError('conflict', 'path-in-use', `path is already in use at ${path}/`, { path });
}
