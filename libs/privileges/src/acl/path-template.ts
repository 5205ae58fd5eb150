import {
  canonicalName,
  type GroupFacts,
  type IdentityFacts,
  resolveTemplate,
  type Selector,
} from '@sallyport/identity';
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
  const known = filledIn.get(facts) ?? new Map<PathTemplate, PathPattern | null>();
  filledIn.set(facts, known);
  let filled = known.get(template);
  if (filled === undefined) {
    const path = resolveTemplate(template, facts, isFit);
    known.set(template, (filled = path === null ? null : readPattern(path)));
  }
  return filled;
}

type PathTemplate = NonNullable<PolicyRule['template']>;

/** Facts are those of one request, which may ask for many paths: each template is filled in once for them. */
const filledIn = new WeakMap<IdentityFacts, Map<PathTemplate, PathPattern | null>>();

/** The narrowest pattern without templates that holds whatever they may be filled in with. */
export function widenPath({ path, pattern }: PolicyRule): PathPattern {
  return pattern ?? widened(path.replace(/\{\{[^{}]*\}\}/g, UNKNOWN));
}

/** The same where one group is known; null where its facts fill in nothing of the path. */
export function widenPathOfGroup({ template }: PolicyRule, group: GroupFacts): PathPattern | null {
  if (template === null || !template.parts.some((part) => tellsOf(part, group))) return null;
  const parts = template.parts.map((part) =>
    typeof part === 'string' || tellsOf(part, group) ? part : UNKNOWN,
  );
  const path = resolveTemplate({ parts }, { ...NOBODY, groups: [group] }, isFit);
  return path === null ? null : widened(path);
}

const UNKNOWN = '\0';
const NOBODY = { id: '', name: null, metadata: {}, aliases: {} };

function widened(path: string): PathPattern {
  const segments = path.split('/');
  const isPrefix = path.endsWith('*');
  const wide = segments.map((segment, at) => {
    if (!segment.includes(UNKNOWN)) return segment;
    return isPrefix && at === segments.length - 1 ? `${segment.slice(0, segment.indexOf(UNKNOWN))}*` : '+';
  });
  return readPattern(wide.join('/'));
}

function tellsOf(part: string | Selector, { id, name }: GroupFacts): boolean {
  if (typeof part === 'string' || part.of !== 'group') return false;
  return part.by === 'id' ? part.key === id : canonicalName(part.key) === canonicalName(name);
}

function isFit(value: string): boolean {
  return !/[*+/]/.test(value);
}
