import { describe, expect, it } from 'vitest';
import { sourceNetwork } from './source-network.js';

describe('sourceNetwork', () => {
  it.each([
    ['192.0.2.77', '192.0.2.0/24'],
    ['::ffff:192.0.2.77', '192.0.2.0/24'],
    ['2001:db8:1:2aff::1', '2001:db8:1:2a00::/56'],
    ['2001:db8:1:2a00:ffff::', '2001:db8:1:2a00::/56'],
    ['nonsense', 'unknown'],
  ])('counts %s under %s', (address, network) => {
    expect(sourceNetwork(address)).toBe(network);
  });
});
