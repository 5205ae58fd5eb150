import { Injectable } from '@nestjs/common';
import { groupsOfPerson } from '@sallyport/identity';
import { DomainError, type Transaction } from '@sallyport/platform';
import { AclService } from '../acl/acl.service.js';
import type { VaultAuthority } from './vault-authority.js';

/**
 * Whoever takes people out of reach of a login enforcement exempts them from it, and so must be one who could write it (S48, S53): its
 * path must give `update`.
 */
@Injectable()
export class ExemptionService {
  constructor(private readonly acl: AclService) {}

  /** People leave these groups. @throws DomainError `forbidden`. */
  async mustAnswerForGroups(
    tx: Transaction,
    authority: VaultAuthority,
    groupIds: readonly string[],
  ): Promise<void> {
    if (authority.root || groupIds.length === 0) return;
    await this.mustMayWrite(authority, await tx.query<{ name: string }>(BY_GROUPS, [groupIds]));
  }

  /**
   * A login leaves a person: for another person, or (null) for none, and then its user begins anew as somebody whom no enforcement names.
   * @throws DomainError `forbidden`.
   */
  async mustAnswerForLogin(
    tx: Transaction,
    authority: VaultAuthority,
    principalId: string,
    toId: string | null,
  ): Promise<void> {
    if (authority.root) return;
    await this.mustMayWrite(authority, await tx.query<{ name: string }>(BY_PERSON, [principalId, toId]));
  }

  private async mustMayWrite(
    { subject }: VaultAuthority,
    enforcements: readonly { name: string }[],
  ): Promise<void> {
    for (const { name } of enforcements)
      if (!(await this.acl.allows(subject, ['update'], `identity/mfa/login-enforcement/${name}`)))
        throw new DomainError('forbidden', 'acl-escalation', 'permission denied');
  }
}

const BY_GROUPS = 'SELECT name FROM login_enforcements WHERE identity_group_ids && $1::uuid[] ORDER BY name';

const names = (person: string): string => `(
  ${person} = ANY(identity_entity_ids) OR identity_group_ids && ARRAY(SELECT group_id FROM ${groupsOfPerson(person)} held))`;

const BY_PERSON = `
  SELECT name FROM login_enforcements
  WHERE ${names('$1::uuid')} AND ($2::uuid IS NULL OR NOT ${names('$2::uuid')})
  ORDER BY name`;
