import { describe, expect, it } from 'vitest';
import { coerce, CoercionError, type FieldKind, NumberLiteral } from './coerce.js';

describe('coerce', () => {
  it.each<[FieldKind, unknown, unknown]>([
    ['int', 30, 30],
    ['int', '30', 30],
    ['int', '', 0],
    ['int', '-1', -1],
    ['bool', true, true],
    ['bool', 'true', true],
    ['bool', '1', true],
    ['bool', 2, true],
    ['bool', 0, false],
    ['bool', '', false],
    ['bool', 'False', false],
    ['duration', 30, 30],
    ['duration', '30', 30],
    ['duration', '30s', 30],
    ['duration', '5m', 300],
    ['duration', '1h', 3600],
    ['duration', '1h30m', 5400],
    ['duration', '', 0],
    ['duration', '-5s', -5],
    ['string', 'x', 'x'],
    ['string', 12, '12'],
    ['string', new NumberLiteral(1, '1.0'), '1.0'],
    ['string', true, 'true'],
    ['stringList', ['a', ' b '], ['a', 'b']],
    ['stringList', 'a', ['a']],
    ['stringList', 'id1,id2', ['id1', 'id2']],
    ['commaList', 'a, b', ['a', 'b']],
    ['commaList', '', []],
    ['map', { a: 'x', b: 2 }, { a: 'x', b: '2' }],
    ['map', ['a=x', 'b=y=z'], { a: 'x', b: 'y=z' }],
    ['map', 'a=x', { a: 'x' }],
  ])('makes a %s of %j', (kind, value, held) => {
    expect(coerce(kind, value)).toEqual(held);
  });

  it.each<[FieldKind, unknown]>([
    ['int', '3.5'],
    ['int', 3.5],
    ['int', 'x'],
    ['int', '99999999999'],
    ['int', []],
    ['bool', 'yes'],
    ['duration', '5x'],
    ['duration', '1.5h'],
    ['string', {}],
    ['string', ['a']],
    ['stringList', [{}]],
    ['stringList', {}],
    ['map', ['a']],
    ['map', { a: {} }],
    ['map', 5],
  ])('makes no %s of %j and does not echo it', (kind, value) => {
    expect(() => coerce(kind, value)).toThrow(CoercionError);
    expect(() => coerce(kind, value)).toThrow(/^(expected an? |integer out of range)/);
  });
});
