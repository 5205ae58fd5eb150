import type { HeldRule } from './acl-grant.js';
import type { CapabilitySet } from './capability.js';
import { isExact, type PathPattern } from './path-pattern.js';
import type { PolicyRule } from './policy-rule.js';
import { PrefixTable } from './prefix-table.js';
import { SegmentTree } from './segment-tree.js';

/** A pattern, and the rules all policies of the installation have for it. */
export interface PatternRules {
  readonly pattern: PathPattern;
  rules: HeldRule[];
  /** Of each rule the policy and the capabilities once more: thousands are united without a look at the rules themselves. */
  owners: number[];
  capabilities: CapabilitySet[];
  /** Whether capabilities are all its rules say. */
  isPlain: boolean;
}

/** The policies somebody holds, as the index numbers them. */
export type HeldPolicies = Uint8Array;

/**
 * The rules of all policies, arranged so that finding those that speak of a path costs by the length of the path and not by their number.
 * A policy is put in and taken out on its own.
 */
export class AclIndex {
  /** A number for each policy there ever was: looking into an array is cheaper than comparing names. */
  private readonly numbers = new Map<string, number>();
  private readonly exact = new Map<string, PatternRules>();
  private readonly prefixes = new PrefixTable<PatternRules>();
  private readonly segments = new SegmentTree<PatternRules>();
  /** By what stands before the first template or `+`. */
  private readonly templated = new PrefixTable<HeldRule[]>();

  add(name: string, rules: readonly PolicyRule[]): void {
    const policy = this.numberOf(name);
    for (const rule of rules) {
      if (rule.pattern === null) this.templated.obtain(headOf(rule), () => []).push({ policy, rule });
      else arrange(this.placeOf(rule.pattern), { policy, rule });
    }
  }

  remove(name: string, rules: readonly PolicyRule[]): void {
    const policy = this.numberOf(name);
    for (const rule of rules) {
      if (rule.pattern === null) {
        const head = headOf(rule);
        const kept = this.templated.obtain(head, () => []).filter((held) => held.policy !== policy);
        if (kept.length === 0) this.templated.delete(head);
        else this.templated.set(head, kept);
        continue;
      }
      const place = this.placeOf(rule.pattern);
      const kept = place.rules.filter((held) => held.policy !== policy);
      Object.assign(place, emptyPlace(rule.pattern));
      for (const held of kept) arrange(place, held);
      if (place.rules.length === 0) this.drop(rule.pattern);
    }
  }

  /** Which of its policies these names are: 1 at the number of each. */
  marksOf(names: readonly string[]): HeldPolicies {
    const marks = new Uint8Array(this.numbers.size);
    for (const name of names) {
      const number = this.numbers.get(name);
      if (number !== undefined) marks[number] = 1;
    }
    return marks;
  }

  exactly(path: string): PatternRules | undefined {
    return this.exact.get(path);
  }

  /** The prefix patterns that match, the longest first. */
  prefixesOf(path: string): Iterable<PatternRules> {
    return this.prefixes.along(path);
  }

  /** The patterns with `+` that match, in no order. */
  patternsOf(path: readonly string[]): PatternRules[] {
    return this.segments.find(path);
  }

  /** Rules with templates that could match once they are filled in. */
  *templatesOf(path: string): Iterable<HeldRule> {
    for (const held of this.templated.along(path)) yield* held;
  }

  /** Every rule there is. */
  *all(): Iterable<HeldRule> {
    for (const { rules } of this.exact.values()) yield* rules;
    for (const { rules } of this.prefixes.values()) yield* rules;
    for (const { rules } of this.segments.values()) yield* rules;
    for (const held of this.templated.values()) yield* held;
  }

  private numberOf(name: string): number {
    let number = this.numbers.get(name);
    if (number === undefined) this.numbers.set(name, (number = this.numbers.size));
    return number;
  }

  private placeOf(pattern: PathPattern): PatternRules {
    const make = (): PatternRules => emptyPlace(pattern);
    if (pattern.wildcards > 0) return this.segments.obtain(pattern, make);
    if (pattern.isPrefix) return this.prefixes.obtain(pattern.text.slice(0, -1), make);
    let place = this.exact.get(pattern.text);
    if (place === undefined) this.exact.set(pattern.text, (place = make()));
    return place;
  }

  private drop(pattern: PathPattern): void {
    if (isExact(pattern)) this.exact.delete(pattern.text);
    else if (pattern.wildcards > 0) this.segments.delete(pattern);
    else this.prefixes.delete(pattern.text.slice(0, -1));
  }
}

function emptyPlace(pattern: PathPattern): PatternRules {
  return { pattern, rules: [], owners: [], capabilities: [], isPlain: true };
}

function arrange(place: PatternRules, held: HeldRule): void {
  const { capabilities, parameters, wrapped, expiresAt } = held.rule;
  place.rules.push(held);
  place.owners.push(held.policy);
  place.capabilities.push(capabilities);
  place.isPlain &&= parameters === null && !wrapped && expiresAt === null;
}

function headOf({ path }: PolicyRule): string {
  return /^(?:(?!\{\{|\+).)*/s.exec(path)?.[0] ?? '';
}
