import { expect, it } from 'vitest';
import { readTime, wireTime } from './wire-time.js';

it('writes UTC with Z and a fraction only where there is one', () => {
  expect(wireTime(new Date(Date.UTC(2020, 3, 27, 9, 51, 3)))).toBe('2020-04-27T09:51:03Z');
  expect(wireTime(new Date(Date.UTC(2022, 1, 1, 15, 7, 4, 451)))).toBe('2022-02-01T15:07:04.451Z');
});

it.each([
  ['2020-04-27T09:51:03Z', '2020-04-27T09:51:03Z'],
  ['2020-04-27t09:51:03.5z', '2020-04-27T09:51:03.500Z'],
  ['2020-04-27T09:51:03+02:00', '2020-04-27T07:51:03Z'],
  ['2024-02-29T00:00:00Z', '2024-02-29T00:00:00Z'],
  ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59Z'],
  ['0001-01-01T01:00:00+01:00', '0001-01-01T00:00:00Z'],
])('reads %s', (text, instant) => {
  expect(wireTime(readTime(text)!)).toBe(instant);
});

it.each([
  '',
  '2020-04-27',
  '2020-04-27T09:51:03',
  '2020-02-30T00:00:00Z',
  '2023-02-29T00:00:00Z',
  '2020-13-01T00:00:00Z',
  '2020-04-27T25:00:00Z',
  '2020-04-27 09:51:03Z',
  '0000-01-01T00:00:00Z',
  '0001-01-01T00:00:00+01:00',
  '9999-12-31T23:59:59-01:00',
  'now',
])('reads nothing in "%s"', (text) => {
  expect(readTime(text)).toBeNull();
});
