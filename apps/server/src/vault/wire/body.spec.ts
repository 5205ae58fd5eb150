import { describe, expect, it } from 'vitest';
import { readBody } from './body.js';
import { NumberLiteral } from './coerce.js';

const FORM = 'application/x-www-form-urlencoded';
const read = (text: string, type?: string) => readBody(Buffer.from(text), type);

describe('readBody', () => {
  it('takes an empty body as no fields', () => {
    expect(read('')).toEqual({});
    expect(read(' \n', FORM)).toEqual({});
  });

  it.each([undefined, FORM, 'text/plain', `${FORM}; charset=utf-8`])(
    'reads JSON under the content type %s',
    (type) => {
      expect(read(' {"a":"b"}', type)).toEqual({ a: 'b' });
    },
  );

  it('reads a form and joins repeated keys with commas', () => {
    expect(read('a=1&b=x+y%2B&a=2&c', FORM)).toEqual({ a: '1,2', b: 'x y+', c: '' });
  });

  it('keeps the digits of a number', () => {
    expect(read('{"a":1.0,"b":30}')).toEqual({ a: new NumberLiteral(1, '1.0'), b: 30 });
  });

  it.each(['{', '[1]', '"x"', 'null', '5', '1.0', 'a=b', '{"a":1}x', '\uFEFF{}'])(
    'S88 refuses %j as malformed',
    (text) => {
      expect(() => read(text)).toThrow('error parsing JSON');
    },
  );

  it('S80 refuses text that is not strict UTF-8', () => {
    expect(() => readBody(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]), undefined)).toThrow(
      'error parsing JSON',
    );
    expect(() => read('{"a":"\\ud800"}')).toThrow('error parsing JSON');
  });

  it('S81 refuses __proto__ and more than 32 levels', () => {
    expect(() => read('{"a":{"__proto__":{"x":1}}}')).toThrow('error parsing JSON');
    expect(() => read('__proto__=1', FORM)).toThrow('error parsing JSON');
    const nested = (levels: number) => '{"a":'.repeat(levels) + '1' + '}'.repeat(levels);
    expect(() => read(nested(32))).not.toThrow();
    expect(() => read(nested(33))).toThrow('error parsing JSON');
    expect(() => read('['.repeat(200_000))).toThrow('error parsing JSON');
  });
});
