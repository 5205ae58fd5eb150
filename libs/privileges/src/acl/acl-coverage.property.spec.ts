import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AclCoverage } from './acl-coverage.js';
import { decide } from './acl-decision.js';
import { AclIndex } from './acl-index.js';
import { DENY, namesIn } from './capability.js';
import type { PolicyRule } from './policy-rule.js';
import { readPolicy } from './policy-rules.js';

const NOW = new Date('2026-11-22T00:00:00Z');
const LATER = new Date('2026-12-10T00:00:00Z');
const ENDS = [
  '',
  ' expiration = "2026-11-21T00:00:00Z"',
  ' expiration = "2026-12-01T00:00:00Z"',
  ' expiration = "2027-01-01T00:00:00Z"',
];

const part = fc.constantFrom('a', 'b', 'ab', '+');
const pattern = fc
  .tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.constantFrom('', '', '/', '*', '/*'))
  .map(([parts, end]) => parts.join('/') + end)
  .filter((text) => !text.includes('+*'));
const block = fc
  .tuple(
    pattern,
    fc.subarray(['read', 'list', 'update', 'deny'], { minLength: 1 }),
    fc.constantFrom(...ENDS, '', '', ''),
  )
  .map(([path, words, end]) => `path "${path}" { capabilities = ${JSON.stringify(words)}${end} }`);

/** Every path of up to four short segments, with and without a slash behind. */
const PATHS = (function all(depth: number): string[] {
  const shorter = depth === 1 ? [''] : ['', ...all(depth - 1).map((path) => `${path}/`)];
  return shorter.flatMap((start) => ['a', 'b', 'ab', 'abb'].map((segment) => start + segment));
})(4).flatMap((path) => [path, `${path}/`]);

function indexOf(rules: PolicyRule[]): AclIndex {
  const index = new AclIndex();
  index.add('p', rules);
  return index;
}

function allowed(index: AclIndex, path: string, now: Date): string[] {
  const grant = decide(index, path, { policies: index.marksOf(['p']), facts: null, now });
  if (grant === null || grant.capabilities === DENY) return [];
  // A path with a slash behind is a list's, and only a list's.
  return namesIn(grant.capabilities).filter((name) => (name === 'list') === path.endsWith('/'));
}

it('S48 whatever is found to be covered opens no path its holder is denied, now or later', () => {
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(block, { minLength: 1, maxLength: 6 }), block, (held, granted) => {
      const own = readPolicy(held.join('\n'));
      const [rule] = readPolicy(granted) as [PolicyRule];
      const coverage = new AclCoverage(
        own.map((one) => ({ pattern: one.pattern!, rule: one })),
        NOW,
      );
      if (!coverage.covers({ ...rule, pattern: rule.pattern!, until: rule.expiresAt })) return;
      accepted += 1;
      const [holder, grantee] = [indexOf(own), indexOf([rule])];
      for (const now of [NOW, LATER])
        for (const path of PATHS) {
          const surplus = allowed(grantee, path, now).filter(
            (name) => !allowed(holder, path, now).includes(name),
          );
          expect(surplus, path).toEqual([]);
        }
    }),
    { numRuns: 800 },
  );
  expect(accepted).toBeGreaterThan(30);
});

it.each([
  ['path "a/*" { capabilities = ["read", "list"] }', 'path "a/b" { capabilities = ["read"] }', true],
  ['path "a/*" { capabilities = ["read", "list"] }', 'path "a/*" { capabilities = ["list"] }', true],
  [
    'path "a/*" { capabilities = ["list"] }\npath "a" { capabilities = ["deny"] }',
    'path "a/*" { capabilities = ["list"] }',
    false,
  ],
  [
    'path "a/*" { capabilities = ["read"] }\npath "a/x" { capabilities = ["deny"] }',
    'path "a/*" { capabilities = ["read"] }',
    false,
  ],
  [
    'path "a/*" { capabilities = ["read"] }\npath "a/x" { capabilities = ["deny"] }',
    'path "a/y" { capabilities = ["read"] }',
    true,
  ],
  ['path "a/+" { capabilities = ["read"] }', 'path "a/*" { capabilities = ["read"] }', false],
  // The list of `a` is asked for as `a/`, where the second rule comes first.
  [
    'path "+" { capabilities = ["list"] }\npath "+/+" { capabilities = ["deny"] }',
    'path "a" { capabilities = ["list"] }',
    false,
  ],
  [
    'path "a" { capabilities = ["list"] }\npath "+/+" { capabilities = ["deny"] }',
    'path "a" { capabilities = ["list"] }',
    true,
  ],
  ['path "*" { capabilities = ["read"] }', 'path "a" { capabilities = ["read", "sudo"] }', false],
  ['path "a" { capabilities = ["list"] }', 'path "a" { capabilities = ["list"] }', true],
  ['path "a/+" { capabilities = ["list"] }', 'path "a/+" { capabilities = ["list"] }', true],
  [
    'path "a" { capabilities = ["update"] allowed_parameters = { x = [] } }',
    'path "a" { capabilities = ["update"] }',
    false,
  ],
  [
    'path "a" { capabilities = ["update"] allowed_parameters = { x = [] } }',
    'path "a" { capabilities = ["update"] allowed_parameters = { x = [] } }',
    true,
  ],
  [
    'path "a" { capabilities = ["read"] expiration = "2026-12-01T00:00:00Z" }',
    'path "a" { capabilities = ["read"] }',
    false,
  ],
  [
    'path "a" { capabilities = ["read"] expiration = "2026-12-01T00:00:00Z" }',
    'path "a" { capabilities = ["read"] expiration = "2026-11-30T00:00:00Z" }',
    true,
  ],
  ['path "a" { capabilities = ["read"] }', 'path "b" { capabilities = ["deny"] }', true],
])('S48 %s may hand out %s: %s', (held, granted, expected) => {
  const [rule] = readPolicy(granted) as [PolicyRule];
  const coverage = new AclCoverage(
    readPolicy(held).map((one) => ({ pattern: one.pattern!, rule: one })),
    NOW,
  );
  expect(coverage.covers({ ...rule, pattern: rule.pattern!, until: rule.expiresAt })).toBe(expected);
});
