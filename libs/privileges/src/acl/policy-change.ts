import type { Grant } from './acl-coverage.js';
import { uniteRules } from './acl-grant.js';
import { type CapabilitySet, DENY, NOTHING } from './capability.js';
import { byRank, intersects } from './path-pattern.js';
import { widenPath } from './path-template.js';
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
  return before
    .filter((rule) => !stillHides(rule, after))
    .map((rule) => {
      const pattern = widenPath(rule);
      const hidden = [...rest, ...after].filter((other) => {
        const place = widenPath(other);
        const isBelow =
          byRank(pattern, place) < 0 || (rule.capabilities === DENY && other.path === rule.path);
        return isBelow && intersects(pattern, place);
      });
      return { pattern, capabilities: gathered(hidden), parameters: null, until: null };
    });
}

/**
 * The capabilities of other rules of the same pattern that a rule's `allowed_parameters` would widen: their lists unite by key
 * (vault.md §12).
 */
export function loosenedBy(rule: PolicyRule, rest: readonly PolicyRule[]): CapabilitySet {
  if (rule.parameters === null || rule.parameters.allowed.size === 0) return NOTHING;
  return gathered(
    rest.filter(
      ({ path, parameters }) => path === rule.path && parameters !== null && parameters.allowed.size > 0,
    ),
  );
}

function gathered(rules: readonly PolicyRule[]): CapabilitySet {
  return rules.reduce((set, { capabilities }) => (capabilities === DENY ? set : set | capabilities), NOTHING);
}

function stillHides(rule: PolicyRule, after: readonly PolicyRule[]): boolean {
  const same = after.filter(({ path, expiresAt }) => path === rule.path && lasts(expiresAt, rule.expiresAt));
  if (same.length === 0) return false;
  return rule.capabilities !== DENY || uniteRules(same).capabilities === DENY;
}

function lasts(after: Date | null, before: Date | null): boolean {
  return after === null || (before !== null && after >= before);
}
