import { Injectable } from '@nestjs/common';
import { type IdentityFacts, IdentityFactsService } from '@sallyport/identity';
import { DomainError, type Transaction } from '@sallyport/platform';
import { AclAuthority } from '../acl/acl-authority.service.js';
import type { AclCoverage } from '../acl/acl-coverage.js';
import { CompiledPoliciesService } from '../acl/compiled-policies.service.js';
import { resolvePath } from '../acl/path-template.js';
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
    const rules = await this.compiled.rulesIn(tx, [
      ...policies,
      ...(isRenamed(facts, after) ? [] : ['default']),
    ]);
    for (const rule of [...rules.values()].flat()) {
      const pattern = rule.template === null ? null : resolvePath(rule, after);
      if (pattern === null || pattern.text === resolvePath(rule, facts)?.text) continue;
      const { capabilities, parameters, expiresAt: until } = rule;
      if (!coverage.covers({ pattern, capabilities, parameters, until }))
        throw new DomainError('forbidden', 'acl-escalation', 'permission denied');
    }
  }
}

/** Nothing but the name differs: what `default` opens by it is the person's own entity, under its new name. */
function isRenamed(before: IdentityFacts | null, after: IdentityFacts | null): boolean {
  return JSON.stringify({ ...before, name: null }) === JSON.stringify({ ...after, name: null });
}
