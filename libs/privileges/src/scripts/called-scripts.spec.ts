import { expect, it } from 'vitest';
import { isCalled } from './called-scripts.js';

const inner = { name: 'inner', expression: 'return true;' };
const outer = { name: 'outer', expression: 'return inner(claims);' };
const round = { name: 'round', expression: 'return outer(claims) || round(claims);' };

it.each<[string, string[], boolean]>([
  ['written out', ['return inner(claims);'], true],
  ['through another script', ['return outer(claims);'], true],
  ['through two that call each other', ['return round(claims);'], true],
  ['in one of several', ['return true;', 'return inner(claims);'], true],
  ['not at all', ['return claims.user.username === "x";'], false],
  ['without policies', [], false],
])('S48 sees a script called %s', (_, texts, called) => {
  expect(isCalled('inner', texts, [inner, outer, round])).toBe(called);
});

it.each([
  'return globalThis["in" + "ner"](claims);',
  'return (function () { return this; })()["in" + "ner"](claims);',
  'return \\u0069nner(claims);',
  'return eval("in" + "ner(claims)");',
  'return Function("return in" + "ner")()(claims);',
  'return claims.constructor.constructor("return in" + "ner")()(claims);',
])('S48 takes a roundabout way for a call: %s', (text) => {
  expect(isCalled('inner', [text], [inner])).toBe(true);
});
