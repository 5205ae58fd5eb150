import { describe, expect, it } from 'vitest';
import { hashSecret, newAccessor, newAuthToken, newServiceToken } from './token-secret.js';

describe('token secrets', () => {
  it('S33 carries at least 256 bits in a token of either dialect', () => {
    expect(Buffer.from(newAuthToken(), 'base64')).toHaveLength(48);
    expect(newAuthToken()).toMatch(/^[A-Za-z0-9+/]{64}$/);
    expect(newServiceToken()).toMatch(/^hvs\.[0-9A-Za-z]{43}$/);
    expect(43 * Math.log2(62)).toBeGreaterThan(256);
  });

  it('draws every character of an accessor evenly', () => {
    const counts = new Map<string, number>();
    for (let i = 0; i < 2000; i += 1)
      for (const character of newAccessor()) counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(62);
    const mean = (2000 * 24) / 62;
    for (const count of counts.values()) expect(Math.abs(count - mean)).toBeLessThan(mean * 0.3);
  });

  it('never draws the same twice', () => {
    const drawn = Array.from({ length: 1000 }, () => [
      newAuthToken(),
      newServiceToken(),
      newAccessor(),
    ]).flat();
    expect(new Set(drawn).size).toBe(3000);
  });

  it('S33 keeps SHA-256 only', () => {
    expect(hashSecret('abc').toString('hex')).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});
