import { Injectable } from '@nestjs/common';
import { type GroupLoss, groupsOfPerson, type TokenSettings } from '@sallyport/identity';
import { Clock, type Transaction } from '@sallyport/platform';
import { AclAuthority } from '../acl/acl-authority.service.js';
import type { VaultAuthority } from './vault-authority.js';

/**
 * A policy also denies, and hides what is wider: where people lose one, something comes into force for them, and whoever takes it off must
 * be able to do that (S48). So nobody frees themselves of what binds them. Asked before the change. Of other persons everything they
 * hold has been judged already (`mustReach`), and with it whatever may come into force: here it is one's own person, and members of groups.
 */
@Injectable()
export class DenialsService {
  constructor(
    private readonly acl: AclAuthority,
    private readonly clock: Clock,
  ) {}

  /** The policies of a person's entity become these. @throws DomainError `forbidden`. */
  async mustAnswerForPolicies(
    tx: Transaction,
    authority: VaultAuthority,
    principalId: string,
    policies: readonly string[],
  ): Promise<void> {
    if (!isOwn(authority, principalId)) return;
    const own = await this.holdingsOf(tx, principalId);
    await this.mustStay(tx, authority, own, [...policies, ...own.ofGroups]);
  }

  /** The settings of a user of one's own person become others. @throws DomainError `forbidden`. */
  async mustAnswerForUser(
    tx: Transaction,
    { root, subject }: VaultAuthority,
    before: TokenSettings,
    after: TokenSettings,
  ): Promise<void> {
    if (root || subject.entityId === null) return;
    const { ofPerson, ofGroups } = await this.holdingsOf(tx, subject.entityId);
    const identity = [...ofPerson, ...ofGroups];
    const held = [...identity, ...(before.policies ?? [])];
    await this.acl.mustCoverLoss(tx, subject, held, [...identity, ...(after.policies ?? [])]);
  }

  /** A login leaves a person, for another or (null) for nobody. @throws DomainError `forbidden`. */
  async mustAnswerForLogin(
    tx: Transaction,
    authority: VaultAuthority,
    fromId: string,
    toId: string | null,
  ): Promise<void> {
    if (!isOwn(authority, fromId)) return;
    const { ofPerson, ofGroups } = toId === null ? NOTHING : await this.holdingsOf(tx, toId);
    await this.mustStay(tx, authority, await this.holdingsOf(tx, fromId), [...ofPerson, ...ofGroups]);
  }

  /**
   * Something else bears a person's policies from now on, a further login or token: of one's own person those of one's token no longer
   * narrow them there.
   * @param own the policies it has beside the person's, as far as they are known.
   * @throws DomainError `forbidden`.
   */
  async mustAnswerForBearer(
    tx: Transaction,
    authority: VaultAuthority,
    principalId: string,
    own: readonly string[] = [],
  ): Promise<void> {
    const { tokenPolicies } = authority.subject;
    if (!isOwn(authority, principalId) || tokenPolicies.every((name) => own.includes(name))) return;
    const { ofPerson, ofGroups } = await this.holdingsOf(tx, principalId);
    const kept = [...ofPerson, ...ofGroups, ...tokenPolicies.filter((name) => own.includes(name))];
    await this.acl.mustCoverLoss(tx, authority.subject, tokenPolicies, kept);
  }

  /** A person becomes another, who joins its groups. @throws DomainError `forbidden`. */
  async mustAnswerForMerge(
    tx: Transaction,
    authority: VaultAuthority,
    fromId: string,
    toId: string,
  ): Promise<void> {
    await this.mustAnswerForBearer(tx, authority, fromId);
    await this.mustAnswerForBearer(tx, authority, toId);
    if (!isOwn(authority, fromId)) return;
    const { ofPerson, ofGroups } = await this.holdingsOf(tx, toId);
    await this.mustAnswerForPolicies(tx, authority, fromId, [...ofPerson, ...ofGroups]);
  }

  /** Members of groups lose policies. @throws DomainError `forbidden`. */
  async mustAnswerForMembers(
    tx: Transaction,
    authority: VaultAuthority,
    losses: readonly GroupLoss[],
  ): Promise<void> {
    if (authority.root) return;
    for (const { policies, entityIds, groupIds } of losses) {
      if (policies.length === 0) continue;
      const [members] = await tx.query<{ policies: string[] }>(OF_MEMBERS, [
        entityIds,
        groupIds,
        this.clock.now(),
      ]);
      const held = members?.policies ?? [];
      const kept = held.filter((name) => !policies.includes(name));
      await this.acl.mustCoverLoss(tx, authority.subject, held, kept);
    }
  }

  /** Whatever bears the person's policies beside its own has these of the person from now on. */
  private async mustStay(
    tx: Transaction,
    { subject }: VaultAuthority,
    { ofPerson, ofGroups, borne }: Holdings,
    after: readonly string[],
  ): Promise<void> {
    for (const own of borne)
      await this.acl.mustCoverLoss(tx, subject, [...ofPerson, ...ofGroups, ...own], [...after, ...own]);
  }

  private async holdingsOf(tx: Transaction, principalId: string): Promise<Holdings> {
    const [holdings] = await tx.query<Holdings>(HOLDINGS, [principalId, this.clock.now()]);
    return holdings ?? NOTHING;
  }
}

function isOwn({ root, subject }: VaultAuthority, principalId: string): boolean {
  return !root && subject.entityId === principalId;
}

/** ACL policies of a person: its own, those of its groups, and what each of its users and tokens adds. */
interface Holdings {
  ofPerson: string[];
  ofGroups: string[];
  borne: string[][];
}

const NOTHING: Holdings = { ofPerson: [], ofGroups: [], borne: [] };

const LIVE = 't.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at >';

const HOLDINGS = `
  SELECT p.policies AS "ofPerson",
    ARRAY(SELECT DISTINCT unnest(g.policies) FROM identity_groups g
      WHERE g.id IN (SELECT group_id FROM ${groupsOfPerson('p.id')} held)) AS "ofGroups",
    (SELECT coalesce(jsonb_agg(DISTINCT own), '[]') FROM (
      SELECT coalesce(u.token_settings->'policies', '[]') AS own
      FROM local_users u JOIN accounts a ON a.id = u.account_id WHERE a.principal_id = p.id
      UNION SELECT to_jsonb(t.policies) FROM tokens t WHERE t.principal_id = p.id AND ${LIVE} $2)) held) AS borne
  FROM principals p WHERE p.id = $1`;

const OF_MEMBERS = `
  WITH RECURSIVE below AS (
    SELECT unnest($2::uuid[]) AS group_id
    UNION SELECT s.member_group_id FROM identity_group_groups s JOIN below ON s.group_id = below.group_id
  ), persons AS (
    SELECT unnest($1::uuid[]) AS id
    UNION SELECT e.principal_id FROM identity_group_entities e JOIN below ON e.group_id = below.group_id
  ), above AS (
    SELECT e.group_id FROM identity_group_entities e JOIN persons ON persons.id = e.principal_id
    UNION SELECT s.group_id FROM identity_group_groups s JOIN above ON s.member_group_id = above.group_id
  )
  SELECT ARRAY(
    SELECT unnest(p.policies) FROM principals p JOIN persons ON persons.id = p.id
    UNION SELECT unnest(g.policies) FROM identity_groups g JOIN above ON above.group_id = g.id
    UNION SELECT jsonb_array_elements_text(coalesce(u.token_settings->'policies', '[]')) FROM local_users u
      JOIN accounts a ON a.id = u.account_id JOIN persons ON persons.id = a.principal_id
    UNION SELECT unnest(t.policies) FROM tokens t JOIN persons ON persons.id = t.principal_id WHERE ${LIVE} $3)) AS policies`;
