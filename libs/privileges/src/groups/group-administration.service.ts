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
import { Database, DomainError, type Transaction } from '@sallyport/platform';
import { AclService } from '../acl/acl.service.js';
import type { VaultAuthority } from '../authority/vault-authority.js';
import { VaultAuthorityService } from '../authority/vault-authority.service.js';

/**
 * Writes groups and their aliases for `/v1` (contract vault.md §10). By policies and by members nobody hands out more than they hold, and
 * nobody takes people out of a group that a login enforcement names who could not write that enforcement (S48).
 */
@Injectable()
export class GroupAdministration {
  constructor(
    private readonly database: Database,
    private readonly groups: GroupsService,
    private readonly aliases: GroupAliasesService,
    private readonly authorities: VaultAuthorityService,
    private readonly acl: AclService,
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
    { granted, left }: GroupEffect,
  ): Promise<void> {
    await this.authorities.mustHandOut(tx, authority, granted);
    if (authority.root || left.length === 0) return;
    const owed = await tx.query<{ name: string }>(
      'SELECT name FROM login_enforcements WHERE identity_group_ids && $1::uuid[] ORDER BY name',
      [left],
    );
    for (const { name } of owed)
      if (!(await this.acl.allows(authority.subject, ['update'], `identity/mfa/login-enforcement/${name}`)))
        throw new DomainError('forbidden', 'acl-escalation', 'permission denied');
  }
}
