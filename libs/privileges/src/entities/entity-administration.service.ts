import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  type Account,
  type AliasRights,
  type AliasValues,
  EntitiesService,
  EntityAliasesService,
  type EntityValues,
  type Principal,
} from '@sallyport/identity';
import { Database, type Transaction } from '@sallyport/platform';
import type { VaultAuthority } from '../authority/vault-authority.js';
import { DenialsService } from '../authority/denials.service.js';
import { ExemptionService } from '../authority/exemption.service.js';
import { FilledTemplatesService, type TemplatesBefore } from '../authority/filled-templates.service.js';
import { VaultAuthorityService } from '../authority/vault-authority.service.js';
import { WaitingLoginService } from '../authority/waiting-login.service.js';
import { LastAdministratorService } from '../last-administrator.service.js';

/**
 * Writes entities and aliases for `/v1` (contract vault.md §10): nobody hands out policies they do not hold (S48) or acts on a person
 * who may do more than they (S49), and a full administrator remains (S50).
 */
@Injectable()
export class EntityAdministration {
  constructor(
    private readonly database: Database,
    private readonly entities: EntitiesService,
    private readonly aliases: EntityAliasesService,
    private readonly authorities: VaultAuthorityService,
    private readonly templates: FilledTemplatesService,
    private readonly denials: DenialsService,
    private readonly exemptions: ExemptionService,
    private readonly waiting: WaitingLoginService,
    private readonly lastAdministrator: LastAdministratorService,
  ) {}

  /** @throws DomainError as `EntitiesService.write`; `forbidden`; `conflict` code `last-administrator`. */
  async write(
    values: EntityValues,
    authority: VaultAuthority,
    actor: Actor,
  ): Promise<{ entity: Principal; created: boolean }> {
    const persons: TemplatesBefore[] = [];
    const mayWrite = async (tx: Transaction, entity: Principal | null) => {
      await this.authorities.begin(tx);
      if (entity !== null) {
        await this.authorities.mustReach(tx, authority, entity.id);
        await this.denials.mustAnswerForPolicies(
          tx,
          authority,
          entity.id,
          values.policies ?? entity.policies,
        );
        persons.push(await this.templates.before(tx, authority, entity.id));
      }
      const added = (values.policies ?? []).filter((name) => !entity?.policies.includes(name));
      await this.authorities.mustHandOut(tx, authority, added);
    };
    // Of an entity's values only `disabled` takes privileges at `/admin` away.
    const judge = async (tx: Transaction) => {
      for (const before of persons) await this.templates.mustOpenNothing(tx, before);
      if (values.disabled) await this.lastAdministrator.mustRemain(tx);
    };
    return this.entities.write(values, actor, judge, mayWrite);
  }

  /** An unknown id changes nothing. @throws DomainError `forbidden`; `conflict` code `last-administrator`. */
  async remove(id: string, authority: VaultAuthority, actor: Actor): Promise<void> {
    await this.entities.remove(id, actor, this.mustRemain, async (tx) => {
      await this.authorities.begin(tx);
      await this.mayDetach(tx, authority, id);
    });
  }

  /**
   * All of them or none; unknown ids change nothing. What is left is judged once, after the last (S50).
   * @throws DomainError `forbidden`; `conflict` code `last-administrator`.
   */
  async removeAll(ids: readonly string[], authority: VaultAuthority, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.authorities.begin(tx);
      for (const id of new Set(ids))
        await this.entities.removeIn(tx, id, actor, () => this.mayDetach(tx, authority, id));
      await this.lastAdministrator.mustRemain(tx);
    });
  }

  /** @throws DomainError as `EntityAliasesService.write`; `forbidden`; `conflict` code `last-administrator`. */
  async writeAlias(
    values: AliasValues,
    authority: VaultAuthority,
    actor: Actor,
  ): Promise<{ alias: Account; changed: boolean }> {
    const persons: TemplatesBefore[] = [];
    const may: AliasRights = {
      act: async (tx, principalId) => {
        await this.authorities.begin(tx);
        await this.authorities.mustReach(tx, authority, principalId);
        persons.push(await this.templates.before(tx, authority, principalId));
      },
      give: async (tx, login, toId) => {
        await this.waiting.mustAnswerFor(tx, authority, { login, personIds: toId ? [toId] : [] });
        if (toId !== null) await this.denials.mustAnswerForBearer(tx, authority, toId);
      },
      take: (tx, fromId, toId) => this.mayTake(tx, authority, fromId, toId),
    };
    const judge = async (tx: Transaction) => {
      for (const before of persons) await this.templates.mustOpenNothing(tx, before);
      await this.lastAdministrator.mustRemain(tx);
    };
    return this.aliases.write(values, actor, judge, may);
  }

  /** An unknown id changes nothing. @throws DomainError `forbidden`; `conflict` code `last-administrator`. */
  async removeAlias(id: string, authority: VaultAuthority, actor: Actor): Promise<void> {
    await this.aliases.remove(id, actor, this.mustRemain, async (tx, principalId) => {
      await this.authorities.begin(tx);
      await this.mayDetach(tx, authority, principalId);
    });
  }

  private readonly mustRemain = (tx: Transaction): Promise<void> => this.lastAdministrator.mustRemain(tx);

  /** Logins of the person become somebody else's, whom no enforcement names. */
  private async mayDetach(tx: Transaction, authority: VaultAuthority, principalId: string): Promise<void> {
    await this.authorities.mustReach(tx, authority, principalId);
    await this.mayTake(tx, authority, principalId, null);
  }

  private async mayTake(
    tx: Transaction,
    authority: VaultAuthority,
    fromId: string,
    toId: string | null,
  ): Promise<void> {
    await this.exemptions.mustAnswerForLogin(tx, authority, fromId, toId);
    await this.denials.mustAnswerForLogin(tx, authority, fromId, toId);
  }
}
