import { describe, expect, it } from 'vitest';
import { healthStatus } from './health-codes.js';

describe('healthStatus', () => {
  it('is 200, or 503 while the database is out of reach', () => {
    expect(healthStatus({}, true)).toBe(200);
    expect(healthStatus({}, false)).toBe(503);
  });

  it('can be chosen for each state', () => {
    expect(healthStatus({ activecode: '204', sealedcode: '299' }, true)).toBe(204);
    expect(healthStatus({ activecode: '204', sealedcode: '299' }, false)).toBe(299);
    expect(healthStatus({ standbycode: '429', standbyok: 'true' }, true)).toBe(200);
  });

  it.each(['x', '', '99', '1000', ['200', '201']])('refuses the code %j', (activecode) => {
    expect(() => healthStatus({ activecode }, true)).toThrow(expect.objectContaining({ status: 400 }));
  });
});
