import type { Template } from '@sallyport/identity';
import type { CapabilitySet } from './capability.js';
import type { ParameterRules } from './parameter-rules.js';
import type { PathPattern } from './path-pattern.js';

/** One path block of a policy. */
export interface PolicyRule {
  /** The path as written, without a leading `/`. */
  path: string;
  /** Null where the path has templates: then its pattern depends on whom it is asked for. */
  pattern: PathPattern | null;
  template: Template | null;
  capabilities: CapabilitySet;
  parameters: ParameterRules | null;
  /** It asks for a wrapped answer, and there are none here (§2.2): its path lets nobody through. */
  wrapped: boolean;
  /** From then on the block is void. */
  expiresAt: Date | null;
}

export function isVoid({ expiresAt }: PolicyRule, now: Date): boolean {
  return expiresAt !== null && expiresAt <= now;
}
