import { type IdentityFacts, resolveTemplate } from '@sallyport/identity';
import { type PathPattern, readPattern } from './path-pattern.js';
import type { PolicyRule } from './policy-rule.js';

/**
 * The pattern a rule has for this person. Null, which grants nothing, where a template cannot be filled in or its value is empty or holds
 * `*`, `+` or `/` (vault.md §12).
 */
export function resolvePath(
  { pattern, template }: PolicyRule,
  facts: IdentityFacts | null,
): PathPattern | null {
  if (template === null) return pattern;
  if (facts === null) return null;
  const path = resolveTemplate(template, facts, (value) => !/[*+/]/.test(value));
  return path === null ? null : readPattern(path);
}

/** The narrowest pattern without templates that holds whatever they may be filled in with. */
export function widenPath({ path, pattern }: PolicyRule): PathPattern {
  if (pattern !== null) return pattern;
  const segments = path.replace(/\{\{.*?\}\}/gs, '\0').split('/');
  const isPrefix = path.endsWith('*');
  const widened = segments.map((segment, at) => {
    if (!segment.includes('\0')) return segment;
    return isPrefix && at === segments.length - 1 ? `${segment.slice(0, segment.indexOf('\0'))}*` : '+';
  });
  return readPattern(widened.join('/'));
}
