import { Injectable } from '@nestjs/common';
import {
  type Account,
  type AuthMount,
  AuthMountsService,
  EntitiesService,
  GroupsService,
  type Principal,
} from '@sallyport/identity';
import { type TotpEnrollment, TotpEnrollmentsService } from '@sallyport/mfa-methods';
import { wireTime } from '../wire/wire-time.js';
import { type AliasView, type AuthenticatorView, type EntityView } from './entity.dto.js';
import { aliasView, entityView, type MountsByProvider } from './entity-view.js';

/** Gathers what an entity or an alias shows of the libs around it: its logins, their mounts, its authenticators. */
@Injectable()
export class EntityReader {
  constructor(
    private readonly entities: EntitiesService,
    private readonly mounts: AuthMountsService,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly groups: GroupsService,
  ) {}

  async entity(entity: Principal): Promise<EntityView> {
    const accounts = await this.entities.accountsOf([entity.id]);
    const enrollments = await this.enrollments.listOf([entity.id]);
    const authenticators = await Promise.all(enrollments.map((enrollment) => this.authenticator(enrollment)));
    const memberships = await this.groups.membershipsOf(entity.id);
    return entityView(entity, accounts, await this.mountsOf(accounts), authenticators, memberships);
  }

  async aliases(accounts: Account[]): Promise<AliasView[]> {
    const mounts = await this.mountsOf(accounts);
    return accounts.flatMap((account) => aliasView(account, mounts) ?? []);
  }

  private async mountsOf(accounts: readonly Account[]): Promise<MountsByProvider> {
    const mounts = new Map<string, AuthMount>();
    for (const id of new Set(accounts.map(({ identityProviderId }) => identityProviderId))) {
      const mount = await this.mounts.findByProvider(id);
      if (mount !== null) mounts.set(id, mount);
    }
    return mounts;
  }

  private async authenticator(enrollment: TotpEnrollment): Promise<AuthenticatorView> {
    const { methodId, principalId, disabledAt, boundAt } = enrollment;
    return {
      method_id: methodId,
      type: 'totp',
      state: disabledAt !== null ? 'disabled' : boundAt !== null ? 'bound' : 'provisional',
      created: wireTime(enrollment.createdAt),
      last_used: wireTime(enrollment.lastUsedAt),
      consecutive_failures: await this.enrollments.failuresOf(methodId, principalId),
    };
  }
}
