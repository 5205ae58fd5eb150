import type { AclQuestion } from './acl-decision.js';
import { type AclGrant, type HeldRule, uniteRules } from './acl-grant.js';
import { namesIn } from './capability.js';
import { isExact, type PathPattern } from './path-pattern.js';
import { resolvePath } from './path-template.js';
import { isVoid } from './policy-rule.js';

/** What somebody may do, by pattern, as upstream's `sys/internal/ui/resultant-acl` shapes it. */
export interface ResultantAcl {
  root: boolean;
  exact_paths: Record<string, { capabilities: string[] }>;
  /** A prefix without its `*`; patterns with `+` as they are written. */
  glob_paths: Record<string, { capabilities: string[] }>;
}

/** Unites the rules of each pattern the subject holds. */
export function resultantOf(rules: Iterable<HeldRule>, { policies, facts, now }: AclQuestion): ResultantAcl {
  const places = new Map<string, { pattern: PathPattern; grants: AclGrant[] }>();
  for (const { policy, rule } of rules) {
    const pattern = policies[policy] === 1 && !isVoid(rule, now) ? resolvePath(rule, facts) : null;
    if (pattern === null) continue;
    const place = places.get(pattern.text);
    if (place === undefined) places.set(pattern.text, { pattern, grants: [rule] });
    else place.grants.push(rule);
  }
  const sorted = [...places.values()].sort((one, other) => (one.pattern.text < other.pattern.text ? -1 : 1));
  const shown = (exact: boolean) =>
    Object.fromEntries(
      sorted
        .filter(({ pattern }) => isExact(pattern) === exact)
        .map(({ pattern, grants }) => [shownPath(pattern), shownCapabilities(uniteRules(grants))]),
    );
  return { root: false, exact_paths: shown(true), glob_paths: shown(false) };
}

function shownPath({ text, isPrefix, wildcards }: PathPattern): string {
  return isPrefix && wildcards === 0 ? text.slice(0, -1) : text;
}

function shownCapabilities({ capabilities }: AclGrant): { capabilities: string[] } {
  const names = namesIn(capabilities);
  return { capabilities: names.length === 0 ? ['deny'] : names };
}
