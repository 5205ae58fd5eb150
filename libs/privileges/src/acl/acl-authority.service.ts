import { Injectable } from '@nestjs/common';
import { type IdentityFacts, IdentityFactsService, identityPoliciesOf } from '@sallyport/identity';
import { Clock, DomainError, type Transaction } from '@sallyport/platform';
import { AclCoverage, type Grant, type OwnRule } from './acl-coverage.js';
import { uniteRules } from './acl-grant.js';
import { type AclSubject, isRoot } from './acl-subject.js';
import { canonicalPath } from './canonical-path.js';
import { type AclCapability, DENY, setOf } from './capability.js';
import { CompiledPoliciesService } from './compiled-policies.service.js';
import { readPattern } from './path-pattern.js';
import { resolvePath, widenPath } from './path-template.js';
import { groupByPath, loosenedBy, releasedBy } from './policy-change.js';
import { isVoid, type PolicyRule } from './policy-rule.js';

/** A holder as of the transaction: their rules in force, and what fills in their templates. */
interface Holder {
  names: readonly string[];
  rules: ReadonlyMap<string, PolicyRule[]>;
  facts: IdentityFacts | null;
  coverage: AclCoverage;
}

/** Nobody grants at `/v1` what they do not hold (S48), judged in the transaction of the act. */
@Injectable()
export class AclAuthority {
  constructor(
    private readonly compiled: CompiledPoliciesService,
    private readonly facts: IdentityFactsService,
    private readonly clock: Clock,
  ) {}

  /**
   * Judges handing out policies: to a user, a token, a role, an entity, a group. One that nobody has written yet will grant what somebody else
   * writes into it: its name is given away by who holds it too, or could write it.
   * @throws DomainError `forbidden` code `acl-escalation`.
   */
  async mustHandOut(tx: Transaction, holder: AclSubject, policyNames: readonly string[]): Promise<void> {
    if (isRoot(holder) || policyNames.length === 0) return;
    await this.mustCover(tx, holder, policyNames);
    const written = await this.compiled.rulesIn(tx, policyNames);
    const unwritten = policyNames.filter((name) => !written.has(name));
    if (unwritten.length === 0) return;
    const { names, coverage } = await this.standing(tx, holder);
    if (!unwritten.every((name) => names.includes(name) || mayWrite(coverage, name))) throw escalation();
  }

  /**
   * Judges what policies grant, as they are now.
   * @param policyNames canonical; a policy nobody wrote yet grants nothing.
   * @throws DomainError `forbidden` code `acl-escalation` unless everything they grant lies within what the holder may do.
   */
  async mustCover(tx: Transaction, holder: AclSubject, policyNames: readonly string[]): Promise<void> {
    if (isRoot(holder) || policyNames.length === 0) return;
    if (policyNames.includes('root')) throw escalation();
    const granted = await this.compiled.rulesIn(tx, policyNames);
    await this.mustCoverRules(tx, holder, [...granted.values()].flat());
  }

  /**
   * Judges the writing or deleting of a policy: all it will grant, and what comes out from under the rules it no longer has.
   * @throws DomainError `forbidden` code `acl-escalation`.
   */
  async mustCoverChange(
    tx: Transaction,
    holder: AclSubject,
    name: string,
    after: readonly PolicyRule[],
  ): Promise<void> {
    if (isRoot(holder)) return;
    const all = await this.compiled.rulesIn(tx, null);
    const before = all.get(name) ?? [];
    all.delete(name);
    const rest = [...all.values()].flat();
    const judged = await this.standing(tx, holder);
    this.mustCoverReleased(judged, before, after, rest);
    const byPath = groupByPath(rest);
    if (!after.every((rule) => isCovered(rule, judged, byPath))) throw escalation();
  }

  /**
   * Judges that somebody holds fewer policies: what comes out from under the rules of those that go. `default` denies nobody for good.
   * @param before names of all they hold, `after` of all they keep.
   * @throws DomainError `forbidden` code `acl-escalation`.
   */
  async mustCoverLoss(
    tx: Transaction,
    holder: AclSubject,
    before: readonly string[],
    after: readonly string[],
  ): Promise<void> {
    const kept = new Set([...after, 'default']);
    const lost = before.filter((name) => !kept.has(name));
    if (isRoot(holder) || lost.length === 0) return;
    const all = await this.compiled.rulesIn(tx, [...kept, ...lost]);
    const rulesOf = (names: Iterable<string>) => [...new Set(names)].flatMap((name) => all.get(name) ?? []);
    this.mustCoverReleased(await this.standing(tx, holder), rulesOf(lost), rulesOf(kept), []);
  }

  private mustCoverReleased(
    { coverage }: Holder,
    before: readonly PolicyRule[],
    after: readonly PolicyRule[],
    rest: readonly PolicyRule[],
  ): void {
    const now = this.clock.now();
    const inForce = before.filter((rule) => !isVoid(rule, now));
    if (!releasedBy(inForce, after, rest).every((grant) => coverage.covers(grant))) throw escalation();
  }

  private async mustCoverRules(tx: Transaction, holder: AclSubject, rules: PolicyRule[]): Promise<void> {
    const judged = await this.standing(tx, holder);
    const loosens = rules.some(({ parameters }) => parameters !== null && parameters.allowed.size > 0);
    const rest = loosens ? [...(await this.compiled.rulesIn(tx, null)).values()].flat() : [];
    const byPath = groupByPath(rest);
    if (!rules.every((rule) => isCovered(rule, judged, byPath))) throw escalation();
  }

  /** What the holder may do as of the transaction, to be asked after something has changed. */
  async coverageOf(tx: Transaction, holder: AclSubject): Promise<AclCoverage> {
    return (await this.standing(tx, holder)).coverage;
  }

  /** What the holder holds now: who lost a policy or left a group meanwhile has it no more. */
  private async standing(tx: Transaction, { tokenPolicies, entityId }: AclSubject): Promise<Holder> {
    const [person] =
      entityId === null
        ? []
        : await tx.query<{ policies: string[] }>(
            `SELECT ${identityPoliciesOf('p')} AS policies FROM principals p WHERE p.id = $1 AND NOT p.disabled`,
            [entityId],
          );
    const names = [...new Set([...tokenPolicies, ...(person?.policies ?? [])])];
    const now = this.clock.now();
    const all = await this.compiled.rulesIn(tx, names);
    const optional = new Set(all.get('default'));
    const rules = [...all.values()].flat().filter((rule) => !isVoid(rule, now));
    const hasTemplates = rules.some(({ template }) => template !== null);
    const facts = entityId !== null && hasTemplates ? await this.facts.of(entityId, tx) : null;
    const own = rules.flatMap((rule): OwnRule[] => {
      const pattern = resolvePath(rule, facts);
      return pattern === null ? [] : [{ pattern, rule, isOptional: optional.has(rule) }];
    });
    return { names, rules: groupByPath(rules), facts, coverage: new AclCoverage(own, now) };
  }
}

/** Whether what one rule gives lies within what the holder may do; `rest` are rules it may unite with. */
function isCovered(rule: PolicyRule, holder: Holder, rest: ReadonlyMap<string, PolicyRule[]>): boolean {
  const grant: Omit<Grant, 'pattern'> = {
    capabilities: rule.capabilities === DENY ? DENY : rule.capabilities | loosenedBy(rule, rest),
    parameters: rule.parameters,
    until: rule.expiresAt,
  };
  const covers = (pattern: Grant['pattern']) =>
    [pattern, readPattern(canonicalPath(pattern.text))].every((spelling) =>
      holder.coverage.covers({ ...grant, pattern: spelling }),
    );
  if (rule.template === null || !holdsSame(rule, holder)) return covers(widenPath(rule));
  // The same template opens to each person their own; nothing else is handed out but what the holder's own paths are.
  const own = resolvePath(rule, holder.facts);
  return own === null || covers(own);
}

function mayWrite(coverage: AclCoverage, name: string): boolean {
  const pattern = readPattern(`sys/policies/acl/${name}`);
  const covers = (capability: AclCapability) =>
    coverage.covers({ pattern, capabilities: setOf([capability]), parameters: null, until: null });
  return covers('create') || covers('update');
}

/** Whether the holder has a rule of the very same path, templates and all, that gives as much. */
function holdsSame(rule: PolicyRule, { rules }: Holder): boolean {
  const same = rules.get(rule.path) ?? [];
  const pattern = widenPath(rule);
  return (
    same.length > 0 &&
    uniteRules(same).capabilities !== DENY &&
    new AclCoverage(
      same.map((own) => ({ pattern, rule: own })),
      new Date(0),
    ).covers({ pattern, capabilities: rule.capabilities, parameters: rule.parameters, until: rule.expiresAt })
  );
}

function escalation(): DomainError {
  return new DomainError('forbidden', 'acl-escalation', 'permission denied');
}
