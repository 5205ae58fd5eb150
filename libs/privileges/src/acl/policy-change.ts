import type { Grant } from './acl-coverage.js';
import { uniteRules } from './acl-grant.js';
import { type CapabilitySet, DENY, NOTHING } from './capability.js';
import { byRank, type PathPattern } from './path-pattern.js';
import { widenPath } from './path-template.js';
import { PatternTree } from './pattern-tree.js';
import type { PolicyRule } from './policy-rule.js';

/**
 * What a change of a policy lets out. A rule also hides every rule of a lower rank, whoever wrote it, and a deny those of its own pattern:
 * where it goes away, whatever it hid comes into force for somebody, and so is granted by whoever takes it away.
 * @param rest the rules of all other policies.
 */
export function releasedBy(
  before: readonly PolicyRule[],
  after: readonly PolicyRule[],
  rest: readonly PolicyRule[],
): Grant[] {
  const kept = groupByPath(after);
  const ended = before.filter((rule) => !stillHides(rule, kept.get(rule.path) ?? []));
  if (ended.length === 0) return [];
  const others = [...rest, ...after];
  const samePath = groupByPath(others);
  // From the lowest rank up: when a rule is asked about, the tree holds those below it and no others.
  const waiting = others.map(placed).sort((one, other) => byRank(one.pattern, other.pattern));
  const below = new PatternTree<PolicyRule>();
  return ended
    .map(placed)
    .sort((one, other) => byRank(other.pattern, one.pattern))
    .map(({ pattern, rule }) => {
      while (waiting.length > 0 && byRank(pattern, waiting.at(-1)!.pattern) < 0) {
        const next = waiting.pop()!;
        below.add(next.pattern, next.rule);
      }
      const hidden = gathered(below.intersecting(pattern));
      const same = rule.capabilities === DENY ? gathered(samePath.get(rule.path) ?? []) : NOTHING;
      return { pattern, capabilities: hidden | same, parameters: null, until: null };
    });
}

function placed(rule: PolicyRule): { pattern: PathPattern; rule: PolicyRule } {
  return { pattern: widenPath(rule), rule };
}

/** Rules by the path they are written for. */
export function groupByPath(rules: readonly PolicyRule[]): Map<string, PolicyRule[]> {
  const byPath = new Map<string, PolicyRule[]>();
  for (const rule of rules) {
    const same = byPath.get(rule.path);
    if (same === undefined) byPath.set(rule.path, [rule]);
    else same.push(rule);
  }
  return byPath;
}

/**
 * The capabilities of other rules of the same pattern that a rule's `allowed_parameters` would widen: their lists unite by key
 * (vault.md §12).
 */
export function loosenedBy(rule: PolicyRule, rest: ReadonlyMap<string, PolicyRule[]>): CapabilitySet {
  if (rule.parameters === null || rule.parameters.allowed.size === 0) return NOTHING;
  return gathered(
    (rest.get(rule.path) ?? []).filter(
      ({ parameters }) => parameters !== null && parameters.allowed.size > 0,
    ),
  );
}

function gathered(rules: readonly PolicyRule[]): CapabilitySet {
  return rules.reduce((set, { capabilities }) => (capabilities === DENY ? set : set | capabilities), NOTHING);
}

/** @param after of the same path. */
function stillHides(rule: PolicyRule, after: readonly PolicyRule[]): boolean {
  const same = after.filter(({ expiresAt }) => lasts(expiresAt, rule.expiresAt));
  if (same.length === 0) return false;
  return rule.capabilities !== DENY || uniteRules(same).capabilities === DENY;
}

function lasts(after: Date | null, before: Date | null): boolean {
  return after === null || (before !== null && after >= before);
}
