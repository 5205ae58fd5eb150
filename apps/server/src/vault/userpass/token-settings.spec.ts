import { describe, expect, it } from 'vitest';
import { changedSettings, userView } from './token-settings.js';

describe('changedSettings', () => {
  it('keeps what a write does not name', () => {
    const before = changedSettings({}, { token_policies: ['B', ' a'], token_ttl: 60 });
    expect(before).toEqual({ policies: ['a', 'b'], ttl: 60, legacy: [] });
    expect(changedSettings(before, { token_num_uses: 2 })).toEqual({
      policies: ['a', 'b'],
      ttl: 60,
      numUses: 2,
      legacy: [],
    });
  });

  it('lets the new name win over the older one, and answers the older one only where it was used', () => {
    const legacy = changedSettings({}, { policies: ['a'], ttl: 5 });
    expect(legacy).toEqual({ policies: ['a'], ttl: 5, legacy: ['policies', 'ttl'] });
    expect(userView(legacy)).toMatchObject({ policies: ['a'], token_policies: ['a'], ttl: 5, token_ttl: 5 });
    const both = changedSettings(legacy, { token_policies: ['b'], policies: ['c'] });
    expect(both).toEqual({ policies: ['b'], ttl: 5, legacy: ['ttl'] });
    expect(userView(both)).not.toHaveProperty('policies');
  });

  it('refuses a ttl above its maximum, whichever is written last', () => {
    const before = changedSettings({}, { token_ttl: 60 });
    const refusal = expect.objectContaining({
      errors: ["'token_ttl' cannot be greater than 'token_max_ttl'"],
    });
    expect(() => changedSettings(before, { token_max_ttl: 30 })).toThrow(refusal);
    expect(changedSettings(before, { token_max_ttl: 0 })).toMatchObject({ maxTtl: 0 });
  });
});

describe('userView', () => {
  it('answers every field of a user without settings', () => {
    expect(userView({})).toEqual({
      token_policies: [],
      token_ttl: 0,
      token_max_ttl: 0,
      token_explicit_max_ttl: 0,
      token_period: 0,
      token_num_uses: 0,
      token_bound_cidrs: [],
      token_no_default_policy: false,
      token_type: 'default',
    });
  });
});
