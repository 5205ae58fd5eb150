import type { IdentityFacts } from '@sallyport/identity';
import { type AclGrant, type HeldRule, uniteRules } from './acl-grant.js';
import type { AclIndex, HeldPolicies, PatternRules } from './acl-index.js';
import { type CapabilitySet, NOTHING, unite } from './capability.js';
import { byRank, isExact, matches, type PathPattern } from './path-pattern.js';
import { isVoid, type PolicyRule } from './policy-rule.js';
import { resolvePath } from './path-template.js';

/** For whom and when a path is asked about. */
export interface AclQuestion {
  policies: HeldPolicies;
  /** Null: not known, or not needed; then no rule with a template grants anything. */
  facts: IdentityFacts | null;
  now: Date;
}

interface Candidate {
  pattern: PathPattern;
  /** What its rules give together. */
  grant: AclGrant;
}

/**
 * The rule that counts for a path: exact with the trailing `/` of a list, exact without it, the best pattern for the one, the best for the
 * other (vault.md §12). Only the winning pattern counts; null where no rule speaks of the path.
 */
export function decide(index: AclIndex, path: string, question: AclQuestion): AclGrant | null {
  const spellings = path.endsWith('/') ? [path, path.slice(0, -1)] : [path];
  for (const spelling of spellings) {
    const found = exactGrant(index, spelling, question);
    if (found !== null) return found;
  }
  for (const spelling of spellings) {
    const best = bestPattern(index, spelling, question);
    if (best !== null) return best.grant;
  }
  return null;
}

/** Whether the subject holds a rule with a template that could speak of the path: only then are facts needed. */
export function needsFacts(
  index: AclIndex,
  path: string,
  { policies, now }: Omit<AclQuestion, 'facts'>,
): boolean {
  for (const held of index.templatesOf(path)) if (counts(held, policies, now)) return true;
  return false;
}

function exactGrant(index: AclIndex, path: string, question: AclQuestion): AclGrant | null {
  const place = index.exactly(path);
  let grant = place === undefined ? null : heldGrant(place, question);
  for (const { pattern, rule } of filledIn(index, path, question))
    if (isExact(pattern) && pattern.text === path)
      grant = uniteRules(grant === null ? [rule] : [grant, rule]);
  return grant;
}

function bestPattern(index: AclIndex, path: string, question: AclQuestion): Candidate | null {
  const candidates: Candidate[] = [];
  for (const place of index.prefixesOf(path)) {
    const grant = heldGrant(place, question);
    if (grant === null) continue;
    candidates.push({ pattern: place.pattern, grant });
    break; // a shorter prefix ranks lower
  }
  const segments = path.split('/');
  for (const place of index.patternsOf(segments)) {
    const grant = heldGrant(place, question);
    if (grant !== null) candidates.push({ pattern: place.pattern, grant });
  }
  for (const { pattern, rule } of filledIn(index, path, question)) {
    if (isExact(pattern) || !matches(pattern, segments)) continue;
    const same = candidates.find((candidate) => candidate.pattern.text === pattern.text);
    if (same === undefined) candidates.push({ pattern, grant: uniteRules([rule]) });
    else same.grant = uniteRules([same.grant, rule]);
  }
  return candidates.reduce<Candidate | null>(
    (best, candidate) => (best === null || byRank(candidate.pattern, best.pattern) < 0 ? candidate : best),
    null,
  );
}

/** Held rules with templates, as patterns of this subject; one that cannot be filled in grants nothing. */
function* filledIn(
  index: AclIndex,
  path: string,
  { facts, policies, now }: AclQuestion,
): Iterable<{ pattern: PathPattern; rule: PolicyRule }> {
  if (facts === null) return;
  for (const held of index.templatesOf(path)) {
    if (!counts(held, policies, now)) continue;
    const pattern = resolvePath(held.rule, facts);
    if (pattern !== null) yield { pattern, rule: held.rule };
  }
}

/** What the held rules of one pattern give together; null where none of them is held. */
function heldGrant(
  { isPlain, owners, capabilities, rules }: PatternRules,
  question: AclQuestion,
): AclGrant | null {
  if (!isPlain) {
    const held = rules.filter((one) => counts(one, question.policies, question.now)).map(({ rule }) => rule);
    return held.length === 0 ? null : uniteRules(held);
  }
  let united: CapabilitySet | null = null;
  for (let at = 0; at < owners.length; at += 1)
    if (question.policies[owners[at]!] === 1) united = unite(united ?? NOTHING, capabilities[at]!);
  return united === null ? null : { capabilities: united, parameters: null, wrapped: false };
}

function counts({ policy, rule }: HeldRule, policies: HeldPolicies, now: Date): boolean {
  return policies[policy] === 1 && !isVoid(rule, now);
}
