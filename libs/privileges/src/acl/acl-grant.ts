import { type CapabilitySet, DENY, NOTHING, unite } from './capability.js';
import { allowsFields, type ParameterRules, saySame, uniteParameters } from './parameter-rules.js';
import type { PolicyRule } from './policy-rule.js';

/** What the rules of one pattern give together. */
export interface AclGrant {
  capabilities: CapabilitySet;
  parameters: ParameterRules | null;
  wrapped: boolean;
}

/** Unites the rules several policies have for one pattern (vault.md §12): any deny leaves only deny. */
export function uniteRules(rules: Iterable<AclGrant>): AclGrant {
  let capabilities: CapabilitySet = NOTHING;
  const spoken: ParameterRules[] = [];
  let wrapped = false;
  for (const rule of rules) {
    capabilities = unite(capabilities, rule.capabilities);
    wrapped ||= rule.wrapped;
    if (rule.parameters !== null) spoken.push(rule.parameters);
  }
  const parameters = spoken.length < 2 ? (spoken[0] ?? null) : uniteParameters(spoken);
  return capabilities === DENY
    ? { capabilities, parameters: null, wrapped: false }
    : { capabilities, parameters, wrapped };
}

/** What both give: a path and its canonical spelling mean one thing, and neither opens more of it than the other (S51). */
export function narrower(one: AclGrant, other: AclGrant): AclGrant {
  const capabilities =
    ((one.capabilities | other.capabilities) & DENY) !== 0 ? DENY : one.capabilities & other.capabilities;
  const parameters = one.parameters ?? other.parameters;
  const differ =
    one.parameters !== null && other.parameters !== null && !saySame(one.parameters, other.parameters);
  return { capabilities: differ ? NOTHING : capabilities, parameters, wrapped: one.wrapped || other.wrapped };
}

/** Whether every capability wanted is given, by a rule one can use at all. */
export function gives({ capabilities, wrapped }: AclGrant, wanted: CapabilitySet): boolean {
  return wanted !== NOTHING && !wrapped && (capabilities & wanted) === wanted;
}

/** Whether the grant lets these fields through; without parameter rules it lets all. */
export function givesFields({ parameters }: AclGrant, fields: Readonly<Record<string, unknown>>): boolean {
  return parameters === null || allowsFields(parameters, fields);
}

/** One policy's rule among those of its pattern. */
export interface HeldRule {
  /** The policy, by the number its index gives it. */
  policy: number;
  rule: PolicyRule;
}
