import { DomainError } from '@sallyport/platform';
import { describe, expect, it } from 'vitest';
import { jsonFields } from './json-body.js';

const read = (text: string) => jsonFields(Buffer.from(text));
const refusal = (bytes: Buffer): DomainError => {
  try {
    jsonFields(bytes);
  } catch (error) {
    return error as DomainError;
  }
  throw new Error('not refused');
};
const nested = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);

describe('jsonFields', () => {
  it('gives the fields of an object', () => {
    expect(read('{"a":1,"b":[null]}')).toEqual({ a: 1, b: [null] });
  });

  it('gives no fields for an absent body', () => {
    expect(jsonFields(Buffer.alloc(0))).toEqual({});
  });

  it.each(['[]', '"a"', '1', 'true', 'null'])('asks for an object instead of %s', (text) => {
    const error = refusal(Buffer.from(text));
    expect(error.kind).toBe('invalid');
    expect(error.details.violations).toEqual([{ field: 'body', message: 'must be an object' }]);
  });

  it.each(['{', 'a=b', '{"a":1}x', ' ', "{'a':1}"])('calls %j malformed', (text) => {
    expect(refusal(Buffer.from(text)).kind).toBe('malformed');
  });

  it('S80 refuses bytes that are not UTF-8', () => {
    expect(refusal(Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d])).kind).toBe('malformed');
  });

  it.each(['{"__proto__":{}}', '{"a":[{"b":{"__proto__":1}}]}', '{"\\u005f_proto__":1}'])(
    'S81 refuses the key __proto__ in %s',
    (text) => {
      expect(refusal(Buffer.from(text)).kind).toBe('malformed');
    },
  );

  it('S81 refuses depth over 32', () => {
    expect(read(nested(32))).toHaveProperty('a');
    expect(refusal(Buffer.from(nested(33))).kind).toBe('malformed');
    expect(refusal(Buffer.from('['.repeat(200_000) + ']'.repeat(200_000))).kind).toBe('malformed');
  });
});
