import fc from 'fast-check';
import { expect, it } from 'vitest';
import { intersects, readPattern } from './path-pattern.js';
import { PatternTree } from './pattern-tree.js';

const segment = fc.constantFrom('', 'a', 'ab', 'b', '+');
const pattern = fc
  .tuple(fc.array(segment, { minLength: 1, maxLength: 4 }), fc.boolean())
  .filter(([segments, isPrefix]) => !isPrefix || segments.at(-1) !== '+')
  .map(([segments, isPrefix]) => readPattern(`${segments.join('/')}${isPrefix ? '*' : ''}`));

it('finds exactly the patterns that have a path in common, each once', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(pattern, { selector: ({ text }) => text, maxLength: 20 }),
      pattern,
      (kept, asked) => {
        const tree = new PatternTree<string>();
        for (const one of kept) tree.add(one, one.text);
        const expected = kept.filter((one) => intersects(one, asked)).map(({ text }) => text);
        expect([...tree.intersecting(asked)].sort()).toEqual(expected.sort());
      },
    ),
    { numRuns: 2_000 },
  );
});
