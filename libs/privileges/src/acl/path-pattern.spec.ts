import { describe, expect, it } from 'vitest';
import { byRank, contains, intersects, matches, readPattern } from './path-pattern.js';

describe('readPattern', () => {
  it.each([
    ['a/b', 'a/b', true],
    ['a/b', 'a/b/', false],
    ['a/b', 'a/bc', false],
    ['a/*', 'a/', true],
    ['a/*', 'a/b/c', true],
    ['a/*', 'a', false],
    ['a/b*', 'a/bc/d', true],
    ['*', '', true],
    ['*', 'a/b', true],
    ['a*b', 'a*b', true],
    ['a*b', 'axb', false],
    ['a/+', 'a/b', true],
    ['a/+', 'a/', true],
    ['a/+', 'a/b/c', false],
    ['a/+/c', 'a/b/c', true],
    ['a/+/c', 'a/b/d', false],
    ['+/c', 'b/c', true],
    ['a/b+', 'a/b+', true],
    ['a/b+', 'a/bc', false],
    ['a/+/c*', 'a/b/cd/e', true],
    ['a/+/c*', 'a/b/d', false],
    ['a/+/*', 'a/b/', true],
    ['a/+/*', 'a/b', false],
  ])('%s matches %s: %s', (pattern, path, expected) => {
    expect(matches(readPattern(pattern), path.split('/'))).toBe(expected);
  });
});

describe('byRank', () => {
  // §12, rule by rule: each on the left ranks below its neighbour on the right.
  it.each([
    ['its first `+` or `*` comes earlier', 'a/+/c', 'a/b/+'],
    ['its first `+` or `*` comes earlier', 'a/*', 'a/b*'],
    ['its first `+` or `*` comes earlier', 'a/+/c/d', 'a/b/*'],
    ['its first `+` or `*` comes earlier, before its end counts', 'a/+', 'a/b*'],
    ['it ends in `*`', 'a/+/*', 'a/+/c'],
    ['it ends in `*`', 'a/*', 'a/+'],
    ['it ends in `*`, before the number of `+` counts', 'a/*', 'a/+/+'],
    ['it has more `+`', 'a/+/+', 'a/+/c'],
    ['it has more `+`, before its length counts', 'a/+/+/ddddd', 'a/+/c/d'],
    ['it has more `+`', 'a/+/+/*', 'a/+/c/*'],
    ['it is shorter', 'a/+/c*', 'a/+/cd*'],
    ['it is shorter', 'a/+/c', 'a/+/cc'],
    ['it sorts lower', 'a/+/c*', 'a/+/d*'],
    ['it is no exact one', 'aaaaa/*', 'a'],
  ])('ranks lower where %s: %s, %s', (_, low, high) => {
    expect(byRank(readPattern(low), readPattern(high))).toBeGreaterThan(0);
    expect(byRank(readPattern(high), readPattern(low))).toBeLessThan(0);
  });
});

describe('contains and intersects', () => {
  it.each([
    ['a/*', 'a/b', true, true],
    ['a/*', 'a/+', true, true],
    ['a/*', 'a/b/*', true, true],
    ['a/b*', 'a/+', false, true],
    ['a/+', 'a/*', false, true],
    ['a/+', 'a/b', true, true],
    ['a/+', 'a/b/c', false, false],
    ['a/+/c', '+/b/c', false, true],
    ['+/+', 'a/b', true, true],
    ['a/b', 'a/+', false, true],
    ['*', 'a/+/c*', true, true],
    ['a/+/c*', 'a/b/*', false, true],
    ['a/+/c*', 'a/b/d*', false, false],
    ['a/b*', 'a/c*', false, false],
    ['a/b/c', 'a/*', false, true],
    ['a/b', 'a*', false, true],
    ['b', 'a*', false, false],
  ])('%s and %s: contains %s, intersects %s', (outer, inner, within, meet) => {
    expect(contains(readPattern(outer), readPattern(inner))).toBe(within);
    expect(intersects(readPattern(outer), readPattern(inner))).toBe(meet);
    expect(intersects(readPattern(inner), readPattern(outer))).toBe(meet);
  });
});
