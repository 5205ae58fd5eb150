import fc from 'fast-check';
import { expect, it } from 'vitest';
import { headerList, headerText, scopeToken } from './header-text.js';

it.each([
  ['jdoe', 'jdoe'],
  ['CN=Ann Ö,OU=local', 'CN=Ann%20%C3%96,OU=local'],
  ['a\r\nX-Sallyport-AAL: 2', 'a%0D%0AX-Sallyport-AAL:%202'],
  ['50%', '50%25'],
  ['-', '%2D'],
  ['', '-'],
  [null, '-'],
])('writes %j as %s', (text, written) => {
  expect(headerText(text)).toBe(written);
});

it('writes a list so that no text of it can be two', () => {
  expect(headerList([])).toBe('-');
  expect(headerList(['a', 'b,c', '-'])).toBe('a,b%2Cc,%2D');
});

it('writes any text as visible ASCII that gives it back, and never nothing', () => {
  const texts = fc.string({ unit: 'grapheme', minLength: 1 });
  fc.assert(
    fc.property(texts, (text) => {
      expect(headerText(text)).toMatch(/^[!-~]+$/);
      expect(headerText(text)).not.toBe('-');
      expect(decodeURIComponent(headerText(text))).toBe(text);
    }),
  );
  fc.assert(
    fc.property(fc.array(texts, { minLength: 1 }), (list) => {
      expect(headerList(list).split(',').map(decodeURIComponent)).toEqual(list);
    }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect(scopeToken(text)).toMatch(/^[!#-[\]-~]+$/);
      expect(decodeURIComponent(scopeToken(text))).toBe(text);
    }),
  );
});
