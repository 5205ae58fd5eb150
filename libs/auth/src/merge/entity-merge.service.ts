import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { EntityMerger, GroupsService, type MergeParties } from '@sallyport/identity';
import { LoginEnforcementsService, TotpTransferService } from '@sallyport/mfa-methods';
import { Database, DomainError, type Transaction } from '@sallyport/platform';
import {
  DenialsService,
  ExemptionService,
  FilledTemplatesService,
  LastAdministratorService,
  type VaultAuthority,
  VaultAuthorityService,
  WaitingLoginService,
} from '@sallyport/privileges';

export interface MergeWish {
  toId: string;
  fromIds: string[];
  /** Where both have an authenticator of one method, the one of `toId` stays and the other goes. */
  force: boolean;
  /** Of two logins at one mount, which one stays. */
  keepAliasIds: string[];
}

/** Makes one person of several, who turn out to be the same (contract vault.md §10). */
@Injectable()
export class EntityMergeService {
  constructor(
    private readonly database: Database,
    private readonly merger: EntityMerger,
    private readonly groups: GroupsService,
    private readonly enforcements: LoginEnforcementsService,
    private readonly transfer: TotpTransferService,
    private readonly authorities: VaultAuthorityService,
    private readonly lastAdministrator: LastAdministratorService,
    private readonly templates: FilledTemplatesService,
    private readonly denials: DenialsService,
    private readonly exemptions: ExemptionService,
    private readonly waiting: WaitingLoginService,
    private readonly audit: AuditService,
  ) {}

  /**
   * Logins, authenticators, memberships and enforcements go to `toId`; policies do not. The tokens and sign-ins of the others end.
   * Nobody merges a person who may do more than they, on either side, joins a login that waits for a user they could not make, nor
   * exempts a login by it (S48, S49), and a full administrator remains (S50).
   * @throws DomainError `invalid` codes, in this order, `merge-keep-several`, those of `EntityMerger.hold`, `merge-factor-conflict`, those
   *   of `EntityMerger.moveLogins`; `forbidden`; `conflict` code `last-administrator`.
   */
  async merge(wish: MergeWish, authority: VaultAuthority, actor: Actor): Promise<void> {
    if (wish.fromIds.length > 1 && wish.keepAliasIds.length > 1)
      throw new DomainError(
        'invalid',
        'merge-keep-several',
        'aliases conflicts cannot be resolved with multiple from entity ids - merge one entity at a time',
      );
    await this.database.transaction(async (tx) => {
      await this.authorities.begin(tx);
      const parties = await this.merger.hold(tx, wish.toId, wish.fromIds);
      const personIds = [parties.to, ...parties.from].map(({ id }) => id);
      for (const id of personIds) await this.authorities.mustReach(tx, authority, id);
      await this.waiting.mustAnswerFor(tx, authority, { login: null, personIds });
      if (!wish.force) await this.mustNotConflict(tx, parties);
      const before = await this.templates.before(tx, authority, parties.to.id);
      for (const { id } of parties.from)
        await this.denials.mustAnswerForMerge(tx, authority, id, parties.to.id);
      await this.merger.moveLogins(tx, parties, wish.keepAliasIds, async (id) => {
        await this.exemptions.mustAnswerForLogin(tx, authority, id, null);
        await this.denials.mustAnswerForLogin(tx, authority, id, null);
      });
      await this.moveTheRest(tx, parties, actor);
      await this.merger.finish(tx, parties);
      await this.templates.mustOpenNothing(tx, before);
      await this.record(tx, parties, actor);
      await this.lastAdministrator.mustRemain(tx);
    });
  }

  private async moveTheRest(tx: Transaction, { to, from }: MergeParties, actor: Actor): Promise<void> {
    for (const { id } of from) {
      await this.transfer.move(tx, id, to.id, actor);
      await this.groups.moveMemberships(tx, id, to.id);
      await this.enforcements.replaceEntity(tx, id, to.id);
    }
  }

  private async mustNotConflict(tx: Transaction, { to, from }: MergeParties): Promise<void> {
    for (const [index, { id }] of from.entries())
      for (const other of [to, ...from.slice(0, index)]) {
        const methodId = await this.transfer.conflictOf(tx, id, other.id);
        if (methodId !== null)
          throw new DomainError(
            'invalid',
            'merge-factor-conflict',
            `conflicting MFA config ID "${methodId}" in entity ID "${id}"`,
          );
      }
  }

  private async record(tx: Transaction, { to, from }: MergeParties, actor: Actor): Promise<void> {
    await this.audit.record(tx, actor, {
      action: 'entity.merged',
      outcome: 'success',
      object: { type: 'entity', id: to.id },
      detail: { name: to.name, merged: from.map(({ id, name, policies }) => ({ id, name, policies })) },
      before: { entities: [to, ...from].map(({ id, name }) => ({ id, name })) },
      after: { entities: [{ id: to.id, name: to.name }] },
    });
  }
}
