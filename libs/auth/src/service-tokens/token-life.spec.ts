import { describe, expect, it } from 'vitest';
import { cutToParent, lifeOfNewToken, type LifeRequest } from './token-life.js';

const life = (request: Partial<LifeRequest>) =>
  lifeOfNewToken({
    ttl: 0,
    period: 0,
    explicitMaxTtl: 0,
    rolePeriod: 0,
    roleExplicitMaxTtl: 0,
    defaultTtl: 500,
    maxTtl: 1000,
    root: false,
    ...request,
  });

describe('the life of a new token', () => {
  it.each([
    ['the default', {}, { ttl: 500 }],
    ['what is asked for', { ttl: 700 }, { ttl: 700 }],
    ['at most the maximum', { ttl: 1001 }, { ttl: 1000 }],
    ['at most the explicit maximum', { ttl: 700, explicitMaxTtl: 600 }, { ttl: 600, explicitMaxTtl: 600 }],
    ['its period', { period: 60, ttl: 700 }, { ttl: 60, period: 60 }],
    ['a period no longer than the maximum', { period: 5000 }, { ttl: 1000, period: 1000 }],
    [
      'a period no longer than the explicit maximum',
      { period: 60, explicitMaxTtl: 30 },
      { ttl: 30, period: 60 },
    ],
    ["its role's period", { rolePeriod: 60 }, { ttl: 60, period: 60 }],
    ['the lesser of two periods', { rolePeriod: 60, period: 90 }, { ttl: 60, period: 60 }],
    [
      'the lesser of two explicit maxima',
      { roleExplicitMaxTtl: 60, explicitMaxTtl: 90 },
      { ttl: 60, explicitMaxTtl: 60 },
    ],
    ['no end for root', { root: true }, { ttl: null }],
    ['what is asked for root', { root: true, ttl: 60 }, { ttl: 60 }],
    ['the explicit maximum for root', { root: true, explicitMaxTtl: 5000 }, { ttl: 5000 }],
  ])('is %s', (_, request, expected) => {
    expect(life(request)).toMatchObject({
      period: 0,
      explicitMaxTtl: 0,
      ...('explicitMaxTtl' in request ? { explicitMaxTtl: expect.any(Number) } : {}),
      ...expected,
    });
  });

  it('says what was cut', () => {
    expect(life({ ttl: 90_061 }).warnings).toEqual([
      'TTL of "25h1m1s" exceeded the effective max_ttl of "16m40s"; TTL value is capped accordingly',
    ]);
    expect(life({ period: 1001 }).warnings).toEqual([
      'Period of "16m41s" exceeded the effective max_ttl of "16m40s"; Period value is capped accordingly',
    ]);
    expect(cutToParent(60, 5)).toBe(
      'TTL of "1m0s" exceeded the effective max_ttl of "5s"; TTL value is capped accordingly',
    );
    expect(life({ ttl: 10 }).warnings).toEqual([]);
  });
});
