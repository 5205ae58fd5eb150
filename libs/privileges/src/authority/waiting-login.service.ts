import { Injectable } from '@nestjs/common';
import { canonicalName, type LoginName } from '@sallyport/identity';
import { DomainError, type Transaction } from '@sallyport/platform';
import { AclService } from '../acl/acl.service.js';
import type { VaultAuthority } from './vault-authority.js';

/**
 * Whoever says whose a login is that no user has yet decides who will be the user that is made under it, whatever that user will hold,
 * and so must be one who could make it (S49): the path of the user must give `create`.
 */
@Injectable()
export class WaitingLoginService {
  constructor(private readonly acl: AclService) {}

  /**
   * A login is given to a person, or all of these persons become one: this login and theirs, as far as they have no user.
   * @throws DomainError `forbidden`.
   */
  async mustAnswerFor(
    tx: Transaction,
    { root, subject }: VaultAuthority,
    { login, personIds }: { login: LoginName | null; personIds: readonly string[] },
  ): Promise<void> {
    if (root) return;
    const waiting = await tx.query<{ mount: string; name: string }>(WAITING, [
      login?.identityProviderId ?? null,
      login?.name ?? null,
      login && canonicalName(login.name),
      personIds,
    ]);
    for (const { mount, name } of waiting)
      if (!(await this.acl.allows(subject, ['create'], `auth/${mount}/users/${name}`)))
        throw new DomainError('forbidden', 'acl-escalation', 'permission denied');
  }
}

const WAITING = `
  SELECT m.path AS mount, $2::text AS name FROM auth_mounts m
  WHERE m.identity_provider_id = $1::uuid AND NOT EXISTS (
    SELECT 1 FROM local_users u WHERE u.identity_provider_id = $1::uuid AND u.name_canonical = $3)
  UNION ALL
  SELECT m.path, a.name FROM accounts a JOIN auth_mounts m ON m.identity_provider_id = a.identity_provider_id
  WHERE a.principal_id = ANY($4::uuid[]) AND NOT EXISTS (SELECT 1 FROM local_users u WHERE u.account_id = a.id)`;
