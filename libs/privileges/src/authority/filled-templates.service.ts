import { Injectable } from '@nestjs/common';
import { type GroupFill, type IdentityFacts, IdentityFactsService } from '@sallyport/identity';
import { DomainError, type Transaction } from '@sallyport/platform';
import { AclAuthority } from '../acl/acl-authority.service.js';
import type { AclCoverage } from '../acl/acl-coverage.js';
import { CompiledPoliciesService } from '../acl/compiled-policies.service.js';
import type { PathPattern } from '../acl/path-pattern.js';
import { resolvePath, widenPathOfGroup } from '../acl/path-template.js';
import type { PolicyRule } from '../acl/policy-rule.js';
import { VaultAuthorityService } from './vault-authority.service.js';
import type { VaultAuthority } from './vault-authority.js';

/** Before a change: what fills in a person's templates, and what the caller may do. */
export interface TemplatesBefore {
  principalId: string;
  facts: IdentityFacts | null;
  /** Null: everything. */
  coverage: AclCoverage | null;
}

/**
 * Names and metadata fill in the templates of policies (contract vault.md §12): writing them hands out paths like writing a policy
 * does, to others and to oneself (S48).
 */
@Injectable()
export class FilledTemplatesService {
  constructor(
    private readonly acl: AclAuthority,
    private readonly authorities: VaultAuthorityService,
    private readonly compiled: CompiledPoliciesService,
    private readonly facts: IdentityFactsService,
  ) {}

  /** Asked before the change, in its transaction. */
  async before(tx: Transaction, authority: VaultAuthority, principalId: string): Promise<TemplatesBefore> {
    const coverage = authority.root ? null : await this.acl.coverageOf(tx, authority.subject);
    return { principalId, coverage, facts: coverage && (await this.facts.of(principalId, tx)) };
  }

  /**
   * Asked after it.
   * @throws DomainError `forbidden` where a policy of the person opens a path now that it did not, and that the caller may not use.
   */
  async mustOpenNothing(tx: Transaction, { principalId, facts, coverage }: TemplatesBefore): Promise<void> {
    if (coverage === null) return;
    const after = await this.facts.of(principalId, tx);
    if (JSON.stringify(after) === JSON.stringify(facts)) return;
    const policies = await this.authorities.policiesOf(tx, principalId);
    const ofTokens = await tx.query<{ name: string }>(POLICIES_OF_TOKENS, [principalId]);
    const names = [...policies, ...ofTokens.map(({ name }) => name), 'default'];
    const rules = await this.compiled.rulesIn(tx, names);
    for (const rule of [...rules.values()].flat()) {
      const pattern = rule.template === null ? null : resolvePath(rule, after);
      if (pattern === null || pattern.text === resolvePath(rule, facts)?.text || rule.path === OWN_ENTITY)
        continue;
      mustLieWithin(coverage, rule, pattern);
    }
  }

  /**
   * Asked before a group is written: what it tells fills in templates for everybody in it.
   * @throws DomainError `forbidden` where a policy, whoever may hold it, opens a path by it that the caller may not use.
   */
  async mustFillIn(tx: Transaction, authority: VaultAuthority, filled: readonly GroupFill[]): Promise<void> {
    if (authority.root || filled.length === 0) return;
    const rules = [...(await this.compiled.rulesIn(tx, null)).values()].flat();
    const opened = rules.flatMap((rule) =>
      filled.flatMap(({ before, after }) => {
        const pattern = widenPathOfGroup(rule, after);
        const isKnown = before !== null && widenPathOfGroup(rule, before)?.text === pattern?.text;
        return pattern === null || isKnown ? [] : [{ rule, pattern }];
      }),
    );
    if (opened.length === 0) return;
    const coverage = await this.acl.coverageOf(tx, authority.subject);
    for (const { rule, pattern } of opened) mustLieWithin(coverage, rule, pattern);
  }
}

function mustLieWithin(
  coverage: AclCoverage,
  { capabilities, parameters, expiresAt: until }: PolicyRule,
  pattern: PathPattern,
): void {
  if (!coverage.covers({ pattern, capabilities, parameters, until }))
    throw new DomainError('forbidden', 'acl-escalation', 'permission denied');
}

/** Whatever somebody is called, it is they themselves whom this opens. */
const OWN_ENTITY = 'identity/entity/name/{{identity.entity.name}}';

const POLICIES_OF_TOKENS =
  'SELECT DISTINCT unnest(policies) AS name FROM tokens WHERE principal_id = $1 AND revoked_at IS NULL';
