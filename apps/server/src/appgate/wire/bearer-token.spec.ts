import { expect, it } from 'vitest';
import { bearerToken } from './bearer-token.js';

it.each([
  ['Bearer abc+/=', 'abc+/='],
  ['bearer abc', 'abc'],
  ['BEARER abc', 'abc'],
  ['Bearer Bearer abc', 'abc'],
  ['bearer  BEARER  abc', 'abc'],
])('reads the token of "%s"', (header, token) => {
  expect(bearerToken(header)).toBe(token);
});

it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic abc', 'abc', 'Bearer a b', 'Bearer Bearer Bearer abc'])(
  'finds no token in "%s"',
  (header) => {
    expect(bearerToken(header)).toBeNull();
  },
);
