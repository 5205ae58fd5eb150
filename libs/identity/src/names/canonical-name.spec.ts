import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalName, isReservedName } from './canonical-name.js';

const anyText = fc.string({ unit: 'binary' });

describe('canonicalName', () => {
  it('S80 canonical twice equals once', () => {
    fc.assert(fc.property(anyText, (text) => canonicalName(canonicalName(text)) === canonicalName(text)));
    for (let point = 0; point < 0x110000; point++) {
      const once = canonicalName(String.fromCodePoint(point));
      if (canonicalName(once) !== once) expect.fail(point.toString(16));
    }
  });

  it('S80 is the same for the composed and the decomposed spelling', () => {
    fc.assert(fc.property(anyText, (text) => canonicalName(text.normalize('NFD')) === canonicalName(text)));
    expect(canonicalName('Ju\u0308rgen')).toBe('j\u00fcrgen');
  });

  it.each([
    ['Admin', 'admin'],
    ['ADMIN', 'admin'],
    ['\u0130', 'i\u0307'],
    ['I\u0307', 'i\u0307'],
    ['ISTANBUL', 'istanbul'],
    ['\u0131', '\u0131'],
    ['Straße', 'straße'],
    ['STRAẞE', 'straße'],
    ['STRASSE', 'strasse'],
    ['ΟΔΟΣ', 'οδοσ'],
    ['οδος', 'οδοσ'],
    ['\u212a', 'k'],
    ['\u212b', '\u00e5'],
    ['ｒｏｏｔ', 'ｒｏｏｔ'],
  ])('S80 %s is %s', (text, canonical) => {
    expect(canonicalName(text)).toBe(canonical);
  });

  it.each([
    'root',
    ' root',
    'Root',
    'ROOT\u0000',
    'root/',
    '/root',
    'ro\u200bot',
    'ｒｏｏｔ',
    'root\\ ',
    '\u202eroot',
  ])('S51 knows a reserved name in the spelling %j', (text) => {
    expect(isReservedName(text, ['root', 'default'])).toBe(true);
  });

  it.each(['roots', 'ro-ot', 'my root', 'rööt', ''])('S51 does not take %j for a reserved name', (text) => {
    expect(isReservedName(text, ['root', 'default'])).toBe(false);
  });
});
