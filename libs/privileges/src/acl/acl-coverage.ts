import { type AclGrant, gives, uniteRules } from './acl-grant.js';
import { type CapabilitySet, DENY, NOTHING, setOf } from './capability.js';
import { type ParameterRules, saySame } from './parameter-rules.js';
import { byRank, contains, isExact, type PathPattern, readPattern } from './path-pattern.js';
import { PatternTree } from './pattern-tree.js';
import { isVoid, type PolicyRule } from './policy-rule.js';

/** A rule of the holder, its templates filled in. */
export interface OwnRule {
  pattern: PathPattern;
  rule: PolicyRule;
  /** It comes with `default`, which whoever gets a token may do without: such a rule adds, and narrows only by `deny`. */
  isOptional?: boolean;
}

/** What would be handed out: on every path of the pattern, these capabilities, until then. */
export interface Grant {
  pattern: PathPattern;
  capabilities: CapabilitySet;
  parameters: ParameterRules | null;
  /** Null: for good. */
  until: Date | null;
}

interface OwnPattern {
  pattern: PathPattern;
  rules: PolicyRule[];
  isOptional: boolean;
}

const LIST = setOf(['list']);

function byRanks(places: OwnPattern[]): OwnPattern[] {
  return places.sort((one, other) => byRank(one.pattern, other.pattern));
}

/**
 * Whether the holder may do everything a grant would allow (S48). The rules are gone through as requests are decided, the highest rank first:
 * each that speaks of some path of the grant must give all of it, until one speaks of every path. It errs on the side of no.
 */
export class AclCoverage {
  private readonly tree = new PatternTree<OwnPattern>();

  constructor(
    own: Iterable<OwnRule>,
    private readonly now: Date,
  ) {
    const places = new Map<string, OwnPattern>();
    for (const { pattern, rule, isOptional = false } of own) {
      if (isVoid(rule, now)) continue;
      const place = places.get(pattern.text) ?? { pattern, rules: [], isOptional };
      place.rules.push(rule);
      place.isOptional = place.isOptional && isOptional && rule.capabilities !== DENY;
      places.set(pattern.text, place);
    }
    for (const place of places.values()) this.tree.add(place.pattern, place);
  }

  covers(grant: Grant): boolean {
    if ((grant.capabilities & DENY) !== 0 || (grant.until !== null && grant.until <= this.now)) return true;
    const others = grant.capabilities & ~LIST;
    if (others !== NOTHING && !this.coversPaths(grant, others)) return false;
    return (grant.capabilities & LIST) === NOTHING || this.coversLists(grant);
  }

  private coversPaths(grant: Grant, wanted: CapabilitySet): boolean {
    const found = this.tree.intersecting(grant.pattern);
    if (!found.some((own) => contains(own.pattern, grant.pattern))) return false;
    for (const own of byRanks(found)) {
      if (!this.suffices(own, grant, wanted)) {
        if (own.isOptional) continue;
        return false;
      }
      if (contains(own.pattern, grant.pattern)) return true;
    }
    return false;
  }

  /**
   * The path of a list is judged in two spellings, `a/` and `a`: a rule of either may decide, and only one that speaks of all the paths in
   * the first settles it. All exact rules come before any pattern, so that an exact rule settles it for a single list, in either spelling.
   */
  private coversLists(grant: Grant): boolean {
    const lists = listPatterns(grant.pattern);
    const areExact = lists.every((list) => isExact(list));
    let isSpokenOf = false;
    let isSettled = false;
    for (const own of this.rankedOn(lists.flatMap(spellingsOf))) {
      if (isSettled && !isExact(own.pattern)) return true;
      if (!this.suffices(own, grant, LIST)) {
        if (own.isOptional) continue;
        return false;
      }
      if (!isExact(own.pattern) && lists.every((list) => contains(own.pattern, list))) return true;
      if (!lists.every((list) => speaksOf(own.pattern, list))) continue;
      isSpokenOf = true;
      isSettled ||= areExact && isExact(own.pattern);
    }
    return isSpokenOf;
  }

  /** The holder's patterns that speak of some path of these, the highest rank first. */
  private rankedOn(patterns: readonly PathPattern[]): OwnPattern[] {
    const found = new Set(patterns.flatMap((pattern) => this.tree.intersecting(pattern)));
    return byRanks([...found]);
  }

  private suffices({ rules }: OwnPattern, grant: Grant, wanted: CapabilitySet): boolean {
    const all = uniteRules(rules);
    if ((all.capabilities & DENY) !== 0) return false;
    if (all.parameters !== null && (grant.parameters === null || !saySame(all.parameters, grant.parameters)))
      return false;
    const lasting: AclGrant = uniteRules(rules.filter((rule) => lastsAsLong(rule, grant)));
    return gives({ ...lasting, wrapped: all.wrapped }, wanted);
  }
}

function lastsAsLong({ expiresAt }: PolicyRule, { until }: Grant): boolean {
  return expiresAt === null || (until !== null && until <= expiresAt);
}

/** The paths a rule lets one list: those it names with a trailing `/`, and those it names, with one put behind. */
function listPatterns(pattern: PathPattern): PathPattern[] {
  if (pattern.isPrefix || pattern.text.endsWith('/')) return [pattern];
  const withSlash = readPattern(`${pattern.text}/`);
  // A last `+` may stand for nothing: `team/+` names `team/`.
  return pattern.segments.at(-1) === '+' ? [readPattern(pattern.text.slice(0, -1)), withSlash] : [withSlash];
}

/** How the path of a list is spelled where rules are looked for: with the `/` and without it. */
function spellingsOf(list: PathPattern): PathPattern[] {
  const bare = withoutSlash(list);
  return bare === null ? [list] : [list, bare];
}

/** Whether the rule speaks of every path of the list, in the one spelling or the other. */
function speaksOf(own: PathPattern, list: PathPattern): boolean {
  if (contains(own, list)) return true;
  const bare = withoutSlash(list);
  return bare !== null && !list.isPrefix && contains(own, bare);
}

/** `a/` without its slash; of `a/*` the one path that a rule for `a/` lists besides its own. */
function withoutSlash({ text, segments, isPrefix }: PathPattern): PathPattern | null {
  if (segments.at(-1) !== '' || segments.length < 2) return null;
  return readPattern(text.slice(0, isPrefix ? -2 : -1));
}
