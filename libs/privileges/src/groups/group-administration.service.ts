import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  type Group,
  type GroupAlias,
  GroupAliasesService,
  type GroupAliasValues,
  type GroupEffect,
  GroupsService,
  type GroupValues,
} from '@sallyport/identity';
import { Database, type Transaction } from '@sallyport/platform';
import { DenialsService } from '../authority/denials.service.js';
import { ExemptionService } from '../authority/exemption.service.js';
import { FilledTemplatesService } from '../authority/filled-templates.service.js';
import type { VaultAuthority } from '../authority/vault-authority.js';
import { VaultAuthorityService } from '../authority/vault-authority.service.js';

/**
 * Writes groups and their aliases for `/v1` (contract vault.md §10). By policies, members, names and metadata nobody hands out more than they hold,
 * nobody takes a denial off that binds them, and nobody takes people out of a group that a login enforcement names who could not write that enforcement (S48).
 */
@Injectable()
export class GroupAdministration {
  constructor(
    private readonly database: Database,
    private readonly groups: GroupsService,
    private readonly aliases: GroupAliasesService,
    private readonly authorities: VaultAuthorityService,
    private readonly denials: DenialsService,
    private readonly exemptions: ExemptionService,
    private readonly templates: FilledTemplatesService,
  ) {}

  /** @throws DomainError as `GroupsService.write`; `forbidden`. */
  async write(
    values: GroupValues,
    authority: VaultAuthority,
    actor: Actor,
  ): Promise<{ group: Group; created: boolean }> {
    return this.database.transaction(async (tx) => {
      await this.authorities.begin(tx);
      return this.groups.write(tx, values, actor, (effect) => this.mustAnswerFor(tx, authority, effect));
    });
  }

  /** An unknown id changes nothing. @throws DomainError `forbidden`. */
  async remove(id: string, authority: VaultAuthority, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.authorities.begin(tx);
      await this.groups.remove(tx, id, actor, (effect) => this.mustAnswerFor(tx, authority, effect));
    });
  }

  /** @returns null where nothing changes. @throws DomainError as `GroupAliasesService.write`. */
  async writeAlias(values: GroupAliasValues, actor: Actor): Promise<GroupAlias | null> {
    return this.database.transaction((tx) => this.aliases.write(tx, values, actor));
  }

  /** An unknown id changes nothing. */
  async removeAlias(id: string, actor: Actor): Promise<void> {
    await this.database.transaction((tx) => this.aliases.remove(tx, id, actor));
  }

  private async mustAnswerFor(
    tx: Transaction,
    authority: VaultAuthority,
    { granted, lost, left, filled }: GroupEffect,
  ): Promise<void> {
    await this.authorities.mustHandOut(tx, authority, granted);
    await this.denials.mustAnswerForMembers(tx, authority, lost);
    await this.templates.mustFillIn(tx, authority, filled);
    await this.exemptions.mustAnswerForGroups(tx, authority, left);
  }
}
