import type { IdentityFacts } from '@sallyport/identity';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decide } from './acl-decision.js';
import { AclIndex } from './acl-index.js';
import { DENY, namesIn } from './capability.js';
import { readPolicy } from './policy-rules.js';

/*
 * §12 once more, word by word and as slowly as one likes. What the index answers must be what this says.
 */
interface Line {
  policy: string;
  path: string;
  words: string[];
}

const FACTS: IdentityFacts = { id: 'b', name: 'x', metadata: { bad: 'a/b' }, aliases: {}, groups: [] };

function filledIn(path: string): string | null {
  if (path.includes('{{identity.entity.metadata.bad}}')) return null;
  return path.replaceAll('{{identity.entity.id}}', 'b');
}

function isPattern(path: string): boolean {
  return path.endsWith('*') || path.split('/').includes('+');
}

function naiveMatch(pattern: string, path: string): boolean {
  const quoted = pattern
    .replace(/\*$/, '')
    .split('/')
    .map((part) => (part === '+' ? '[^/]*' : part.replace(/[^a-z]/g, '\\$&')))
    .join('/');
  return new RegExp(`^${quoted}${pattern.endsWith('*') ? '.*' : ''}$`).test(path);
}

function ranksBelow(one: string, other: string): boolean {
  const first = (text: string) =>
    Math.min(
      ...[`/${text}`.search(/\/\+(\/|$)/), text.endsWith('*') ? text.length - 1 : -1].filter((at) => at >= 0),
    );
  const pluses = (text: string) => text.split('/').filter((part) => part === '+').length;
  if (first(one) !== first(other)) return first(one) < first(other);
  if (one.endsWith('*') !== other.endsWith('*')) return one.endsWith('*');
  if (pluses(one) !== pluses(other)) return pluses(one) > pluses(other);
  if (one.length !== other.length) return one.length < other.length;
  return one < other;
}

function naive(lines: Line[], held: string[], path: string): string[] | null {
  const own = lines
    .filter(({ policy }) => held.includes(policy))
    .flatMap((line) => {
      const filled = filledIn(line.path);
      return filled === null ? [] : [{ ...line, path: filled }];
    });
  const stripped = path.endsWith('/') ? path.slice(0, -1) : null;
  const bestFor = (wanted: string) => {
    const matching = own
      .map((line) => line.path)
      .filter((text) => isPattern(text) && naiveMatch(text, wanted));
    return matching.reduce<string | null>(
      (best, text) => (best === null || ranksBelow(best, text) ? text : best),
      null,
    );
  };
  const exactFor = (wanted: string) =>
    own.some((line) => line.path === wanted && !isPattern(wanted)) ? wanted : null;
  const winner =
    exactFor(path) ??
    (stripped === null ? null : exactFor(stripped)) ??
    bestFor(path) ??
    (stripped === null ? null : bestFor(stripped));
  if (winner === null) return null;
  const words = new Set(own.filter((line) => line.path === winner).flatMap((line) => line.words));
  return words.has('deny') ? ['deny'] : [...words].sort();
}

const part = fc.constantFrom(
  'a',
  'b',
  'ab',
  '+',
  '+',
  '{{identity.entity.id}}',
  '{{identity.entity.metadata.bad}}',
);
const pattern = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '/', '*', '/*'))
  .map(([parts, end]) => parts.join('/') + end)
  .filter((text) => !text.includes('+*'));
const line = fc.record({
  policy: fc.constantFrom('p', 'q', 'r'),
  path: pattern,
  words: fc.subarray(['read', 'list', 'update', 'deny'], { minLength: 0 }),
});
const path = fc
  .tuple(fc.array(fc.constantFrom('a', 'b', 'ab'), { minLength: 1, maxLength: 4 }), fc.constantFrom('', '/'))
  .map(([parts, end]) => parts.join('/') + end);

const textOf = (lines: Line[]) =>
  lines.map(({ path: of, words }) => `path "${of}" { capabilities = ${JSON.stringify(words)} }`).join('\n');

it('decides as §12 says, whatever the policies, and however they came in and went', () => {
  fc.assert(
    fc.property(
      fc.array(line, { maxLength: 12 }),
      fc.array(line, { maxLength: 4 }),
      fc.subarray(['p', 'q', 'r']),
      fc.array(path, { minLength: 1, maxLength: 8 }),
      (lines, gone, held, paths) => {
        const index = new AclIndex();
        const rulesOf = (of: Line[], policy: string) =>
          readPolicy(textOf(of.filter((one) => one.policy === policy)));
        for (const policy of ['p', 'q', 'r']) {
          const former = rulesOf(gone, policy);
          index.add(policy, former);
          index.remove(policy, former);
          index.add(policy, rulesOf(lines, policy));
        }
        for (const asked of paths) {
          const grant = decide(index, asked, {
            policies: index.marksOf(held),
            facts: FACTS,
            now: new Date(0),
          });
          const answer = grant && (grant.capabilities === DENY ? ['deny'] : namesIn(grant.capabilities));
          expect(answer, asked).toEqual(naive(lines, held, asked));
        }
      },
    ),
    { numRuns: 1_000 },
  );
});
