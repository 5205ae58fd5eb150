import { Injectable } from '@nestjs/common';
import { Account, canonicalName, identityPoliciesOf, LocalUser } from '@sallyport/identity';
import type { Transaction } from '@sallyport/platform';
import { AclAuthority } from '../acl/acl-authority.service.js';
import type { AdministrativePrivilege } from '../administrative-privilege.js';
import { EffectivePrivilegesService, subjectOf } from '../effective-privileges.service.js';
import { mustCover } from '../escalation.js';
import { isFullAdministrator } from '../grants.js';
import { LastAdministratorService } from '../last-administrator.service.js';
import type { Subject } from '../policies/user-claims.js';
import type { VaultAuthority } from './vault-authority.js';

/**
 * What the ACL does not decide of a write at `/v1`: that nobody hands out more than they hold (S48), and that nobody takes over an
 * account that may do more than they do (S49). Both dialects count: a password opens both. Every question is asked inside the
 * writing transaction, which `begin` lets wait for others of its kind.
 */
@Injectable()
export class VaultAuthorityService {
  constructor(
    private readonly acl: AclAuthority,
    private readonly effective: EffectivePrivilegesService,
    private readonly lastAdministrator: LastAdministratorService,
  ) {}

  /** First in a transaction that judges: what is found in it holds until it ends (S48). */
  async begin(tx: Transaction): Promise<void> {
    await this.lastAdministrator.hold(tx);
  }

  /** What a user of `/admin` holds at `/v1`: as if they signed in there now. */
  async ofUser(tx: Transaction, localUserId: string): Promise<VaultAuthority> {
    const [user] = await tx.query<Own>(OWN, [localUserId]);
    const { entityId = null, tokenPolicies = [], ofPerson = [] } = user ?? {};
    const policies = [...new Set([...tokenPolicies, ...ofPerson])];
    return { root: false, subject: { policies, tokenPolicies, entityId, version: 0 }, localUserId };
  }

  /**
   * `mustReach` for a caller of `/admin`; a full administrator reaches everybody.
   * @throws DomainError `forbidden`.
   */
  async mustReachFromAdmin(tx: Transaction, caller: Subject, principalId: string): Promise<void> {
    if (isFullAdministrator(await this.effective.ofActing(caller, tx))) return;
    await this.mustReach(tx, await this.ofUser(tx, caller.localUserId), principalId);
  }

  /**
   * `mustReach` for whoever signs in under this name, where a login of it is known. A further user of one's own person is reached where it
   * holds no more than the one who asks: it may have come to hold more than they without them (S49).
   * @throws DomainError `forbidden`.
   */
  async mustReachLogin(
    tx: Transaction,
    authority: VaultAuthority,
    { identityProviderId, name }: { identityProviderId: string; name: string },
  ): Promise<void> {
    const login = await tx.manager
      .getRepository(Account)
      .findOneBy({ identityProviderId, nameCanonical: canonicalName(name) });
    if (login === null) return;
    await this.mustReach(tx, authority, login.principalId);
    if (authority.subject.entityId === login.principalId) await this.mustReachOwn(tx, authority, login.id);
  }

  /**
   * Handing out policies, in canonical names (S51).
   * @throws DomainError `forbidden`.
   */
  async mustHandOut(tx: Transaction, authority: VaultAuthority, policies: readonly string[]): Promise<void> {
    if (!authority.root) await this.acl.mustHandOut(tx, authority.subject, policies);
  }

  /**
   * Acting on a person: setting a password, taking a factor or a login away, changing or ending the account.
   * One's own person may be acted on whatever the token holds, but see `mustReachLogin` for its users.
   * @throws DomainError `forbidden` where the person may do anything the caller may not, in either dialect.
   */
  async mustReach(tx: Transaction, authority: VaultAuthority, principalId: string): Promise<void> {
    if (authority.root || authority.subject.entityId === principalId) return;
    const { policies, userIds } = await this.holdingsOf(tx, principalId);
    await this.acl.mustCover(tx, authority.subject, policies);
    const held = await this.heldBy(tx, authority);
    for (const id of userIds) this.mustCoverAll(held, await this.effective.mightHoldNow(id, tx));
  }

  /**
   * Making an account: what policies of `/admin` would give it counts before it is there.
   * @throws DomainError `forbidden`.
   */
  async mustCoverNew(tx: Transaction, authority: VaultAuthority, user: LocalUser): Promise<void> {
    if (authority.root) return;
    this.mustCoverAll(await this.heldBy(tx, authority), await this.effective.mightHold(user, tx));
  }

  /** The ACL policies that any login of a person gives, beside `default`. */
  async policiesOf(tx: Transaction, principalId: string): Promise<string[]> {
    return (await this.holdingsOf(tx, principalId)).policies;
  }

  private async mustReachOwn(tx: Transaction, authority: VaultAuthority, accountId: string): Promise<void> {
    const user = await tx.manager.getRepository(LocalUser).findOneBy({ accountId });
    if (authority.root || user === null || user.id === authority.localUserId) return;
    await this.acl.mustCover(tx, authority.subject, user.tokenSettings.policies ?? []);
    this.mustCoverAll(await this.heldBy(tx, authority), await this.effective.of(subjectOf(user.id), tx));
  }

  /** What somebody may do at `/admin`, as of this transaction. */
  private async heldBy(tx: Transaction, { localUserId }: VaultAuthority): Promise<AdministrativePrivilege[]> {
    return localUserId === null ? [] : this.effective.ofActing(subjectOf(localUserId), tx);
  }

  private mustCoverAll(held: AdministrativePrivilege[], wanted: AdministrativePrivilege[]): void {
    if (!isFullAdministrator(held)) mustCover(held, wanted);
  }

  /** The ACL policies any of a person's logins gives, and its users. */
  private async holdingsOf(
    tx: Transaction,
    principalId: string,
  ): Promise<{ policies: string[]; userIds: string[] }> {
    const [holdings] = await tx.query<{ policies: string[]; userIds: string[] }>(HOLDINGS, [principalId]);
    return holdings ?? { policies: [], userIds: [] };
  }
}

interface Own {
  entityId: string;
  tokenPolicies: string[];
  ofPerson: string[];
}

// `root` never comes with a sign-in.
const OWN = `
  SELECT p.id AS "entityId", ${identityPoliciesOf('p')} AS "ofPerson", ARRAY(
    SELECT 'default' UNION SELECT jsonb_array_elements_text(coalesce(u.token_settings->'policies', '[]')) EXCEPT SELECT 'root') AS "tokenPolicies"
  FROM local_users u JOIN accounts a ON a.id = u.account_id JOIN principals p ON p.id = a.principal_id WHERE u.id = $1`;

const HOLDINGS = `
  WITH users AS (
    SELECT u.id, u.token_settings FROM local_users u JOIN accounts a ON a.id = u.account_id WHERE a.principal_id = $1)
  SELECT ARRAY(SELECT id FROM users) AS "userIds",
    ARRAY(SELECT unnest(${identityPoliciesOf('p')}) FROM principals p WHERE p.id = $1
      UNION SELECT jsonb_array_elements_text(coalesce(token_settings->'policies', '[]')) FROM users) AS policies`;
