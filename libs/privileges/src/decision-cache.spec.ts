import { expect, it } from 'vitest';
import { DecisionCache, LIFETIME, LIFETIME_OF_FAILURE } from './decision-cache.js';

const NOW = new Date('2026-02-01T12:00:00Z');
const later = (milliseconds: number) => new Date(NOW.getTime() + milliseconds);

it('knows a decision by its key alone, and only for a moment', () => {
  const cache = new DecisionCache<boolean>();
  cache.keep('one', false, NOW);
  expect([cache.find('one', NOW), cache.find('other', NOW)]).toEqual([false, undefined]);
  expect([cache.find('one', later(LIFETIME - 1)), cache.find('one', later(LIFETIME))]).toEqual([
    false,
    undefined,
  ]);
});

it('does not keep a decision from a time that the clock was set back from', () => {
  const cache = new DecisionCache<boolean>();
  cache.keep('one', true, NOW);
  expect(cache.find('one', later(-LIFETIME))).toBeUndefined();
});

it('keeps a failure for less', () => {
  const cache = new DecisionCache<boolean>();
  cache.keep('failed', false, NOW, LIFETIME_OF_FAILURE);
  expect(cache.find('failed', later(LIFETIME_OF_FAILURE))).toBeUndefined();
});

it('forgets the oldest before it grows without bound, and all when told to', () => {
  const cache = new DecisionCache<number>();
  for (let key = 0; key <= 20_000; key += 1) cache.keep(String(key), key, NOW);
  expect([cache.find('0', NOW), cache.find('1', NOW), cache.find('20000', NOW)]).toEqual([
    undefined,
    1,
    20_000,
  ]);
  cache.forget();
  expect(cache.find('20000', NOW)).toBeUndefined();
});
