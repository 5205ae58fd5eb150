import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ObjectChange } from '@sallyport/audit';
import { Clock, Database, DomainError, type Transaction, violatedConstraint } from '@sallyport/platform';
import { canonicalName } from '../names/index.js';
import { IdentityProvider } from '../providers/identity-provider.entity.js';
import { AuthMount } from './auth-mount.entity.js';
import { LOCAL_MOUNT_PATH } from './auth-mounts.service.js';
import { changedLockout, changedThreshold, type LockoutChange } from './mount-lockout.js';

/** What a tuning changes; what is absent stays. Seconds, 0 being the system's default (768 h). */
export interface MountChange {
  description?: string;
  defaultLeaseTtl?: number;
  maxLeaseTtl?: number;
  listingVisibility?: string | null;
  tokenType?: string;
  lockout?: LockoutChange;
}

/** A mount that was moved, under the id its caller asks by. */
export interface MountMove {
  id: string;
  source: string;
  target: string;
}

/** Changes attached mounts of `/v1`: their settings, and their path (vault.md §11). */
@Injectable()
export class MountTuningService {
  constructor(
    private readonly database: Database,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /**
   * @returns false where nothing is attached there.
   * @throws DomainError `invalid` code `lease-ttls` where the default would lie above the maximum.
   */
  async tune(path: string, change: MountChange, actor: Actor): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const mounts = tx.manager.getRepository(AuthMount);
      const mount = await mounts.findOne({
        where: { path, attached: true },
        lock: { mode: 'pessimistic_write' },
      });
      if (mount === null) return false;
      const { lockout, ...settings } = change;
      const before = { ...mount };
      const tuned: AuthMount = Object.assign(mount, settings);
      mustFit(tuned);
      if (lockout !== undefined) tuned.userLockout = changedLockout(mount.userLockout, lockout);
      await mounts.save(tuned);
      if (lockout !== undefined) await this.changeThreshold(tx, mount, lockout);
      await this.record(tx, actor, 'mount.changed', mount, { before, after: tuned }, { ...change });
      return true;
    });
  }

  /**
   * Moves a mount to another path. Accessor, users and entities stay; its tokens end, as their paths do.
   * `userpass` is where the users of `/admin` are, and stays.
   * @returns null where nothing that can be moved is attached there.
   * @throws DomainError `conflict` where the target is in use.
   */
  async move(source: string, target: string, actor: Actor): Promise<MountMove | null> {
    return this.database.transaction(async (tx) => {
      const mount = await tx.manager.getRepository(AuthMount).findOne({
        where: { path: source, attached: true, type: 'userpass' },
        lock: { mode: 'pessimistic_write' },
      });
      if (mount === null || source === LOCAL_MOUNT_PATH) return null;
      await this.rename(tx, mount, target);
      const move = { id: randomUUID(), source, target };
      await tx.execute(
        'INSERT INTO mount_moves (id, source_path, target_path, moved_at) VALUES ($1, $2, $3, $4)',
        [move.id, source, target, this.clock.now()],
      );
      const paths = { before: { path: source }, after: { path: target } };
      await this.record(tx, actor, 'mount.moved', mount, paths, { ...move });
      return move;
    });
  }

  /** A move that was made; null for an id nobody was given. */
  async findMove(id: string): Promise<MountMove | null> {
    const [row] = await this.database.query<MountMove>(
      'SELECT id, source_path AS source, target_path AS target FROM mount_moves WHERE id = $1',
      [id],
    );
    return row ?? null;
  }

  /** Failures without a wait on each mount whose lockout was tuned, by the mount's id. */
  async thresholdsOf(mounts: readonly AuthMount[]): Promise<ReadonlyMap<string, number>> {
    const ids = mounts.filter(({ userLockout }) => userLockout !== null).map(({ id }) => id);
    if (ids.length === 0) return new Map();
    const rows = await this.database.query<{ id: string; threshold: number }>(
      `SELECT m.id, p.user_lockout_threshold AS threshold FROM auth_mounts m
       JOIN identity_providers p ON p.id = m.identity_provider_id WHERE m.id = ANY($1::uuid[])`,
      [ids],
    );
    return new Map(rows.map(({ id, threshold }) => [id, threshold]));
  }

  private async rename(tx: Transaction, mount: AuthMount, target: string): Promise<void> {
    try {
      await tx.execute('UPDATE auth_mounts SET path = $2, token_epoch = token_epoch + 1 WHERE id = $1', [
        mount.id,
        target,
      ]);
    } catch (error) {
      if (violatedConstraint(error) !== 'auth_mounts__path') throw error;
      throw new DomainError('conflict', 'path-in-use', `path already in use at "auth/${target}/"`, {
        path: target,
      });
    }
    const changed = { name: target, nameCanonical: canonicalName(target), updatedAt: this.clock.now() };
    await tx.manager.getRepository(IdentityProvider).update({ id: mount.identityProviderId! }, changed);
  }

  private async changeThreshold(tx: Transaction, mount: AuthMount, lockout: LockoutChange): Promise<void> {
    const threshold = changedThreshold(lockout);
    if (threshold === null || mount.identityProviderId === null) return;
    const changed = { userLockoutThreshold: threshold, updatedAt: this.clock.now() };
    await tx.manager.getRepository(IdentityProvider).update({ id: mount.identityProviderId }, changed);
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: 'mount.changed' | 'mount.moved',
    mount: AuthMount,
    change: ObjectChange,
    detail: Record<string, unknown>,
  ): Promise<void> {
    const object = { type: 'auth-mount', id: mount.id };
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object,
      detail: { path: mount.path, ...detail },
      ...change,
    });
  }
}

function mustFit({ defaultLeaseTtl, maxLeaseTtl }: AuthMount): void {
  if (maxLeaseTtl === 0 || defaultLeaseTtl <= maxLeaseTtl) return;
  throw new DomainError(
    'invalid',
    'lease-ttls',
    `backend max lease TTL of ${maxLeaseTtl} would be less than backend default lease TTL of ${defaultLeaseTtl}`,
  );
}
