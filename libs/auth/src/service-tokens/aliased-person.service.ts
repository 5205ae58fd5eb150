import { Injectable } from '@nestjs/common';
import { canonicalName, LOCAL_MOUNT_PATH } from '@sallyport/identity';
import { DomainError, type Transaction } from '@sallyport/platform';
import { type VaultAuthority, VaultAuthorityService } from '@sallyport/privileges';
import type { TokenRole } from '@sallyport/tokens';
import { RequirementService } from '../requirement/requirement.service.js';
import { matchesGlob } from './token-policies.js';

interface AliasedPerson {
  principalId: string;
  accountId: string;
  disabled: boolean;
}

/** The person a token is created for by `entity_alias` (contract vault.md §9). */
@Injectable()
export class AliasedPersonService {
  constructor(
    private readonly requirement: RequirementService,
    private readonly authority: VaultAuthorityService,
  ) {}

  /**
   * The alias is one of `userpass/`, of a visible entity; none is made.
   * @returns the principal's id.
   * @throws DomainError `invalid` where the role does not name it or there is none; `forbidden` where the person is disabled, owes a
   *   factor, which cannot be asked for here (S53), or may do what the caller may not (S49).
   */
  async find(
    tx: Transaction,
    alias: string,
    role: TokenRole | null,
    authority: VaultAuthority,
  ): Promise<string> {
    if (role === null)
      throw new DomainError(
        'invalid',
        'alias-without-role',
        "'entity_alias' is only allowed in combination with token role",
      );
    const name = canonicalName(alias);
    const [person] = role.allowedEntityAliases.some((glob) => matchesGlob(glob, name))
      ? await tx.query<AliasedPerson>(PERSON, [LOCAL_MOUNT_PATH, name])
      : [];
    if (person === undefined)
      throw new DomainError('invalid', 'unknown-alias', "invalid 'entity_alias' value");
    if (person.disabled) throw new DomainError('forbidden', 'entity-disabled', 'permission denied');
    await this.authority.mustReach(tx, authority, person.principalId);
    const { owed } = await this.requirement.of(person.accountId, tx);
    if (owed.length > 0) throw new DomainError('forbidden', 'factor-owed', 'permission denied');
    return person.principalId;
  }
}

// Held until the token is issued: it is given to nobody who is being disabled (S39).
const PERSON = `
  SELECT p.id AS "principalId", a.id AS "accountId", p.disabled
  FROM accounts a JOIN principals p ON p.id = a.principal_id
  JOIN auth_mounts m ON m.identity_provider_id = a.identity_provider_id AND m.path = $1 AND m.attached
  WHERE a.name_canonical = $2 AND p.name IS NOT NULL
  FOR SHARE OF p`;
