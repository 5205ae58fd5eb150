import { expect, it } from 'vitest';
import { commonRanges } from './common-ranges.js';

it('S41 leaves of two lists of ranges what lies in both', () => {
  expect(commonRanges(['10.0.0.0/8', 'fd00::/8'], ['10.1.0.0/16', '192.0.2.1', 'fd00:1::/32'])).toEqual([
    '10.1.0.0/16',
    'fd00:1::/32',
  ]);
  expect(commonRanges(['10.1.2.3'], ['10.0.0.0/8', '10.1.0.0/16'])).toEqual(['10.1.2.3']);
  expect(commonRanges(['10.0.0.0/8'], ['10.0.0.0/8'])).toEqual(['10.0.0.0/8']);
  expect(commonRanges(['10.0.0.0/8'], ['11.0.0.0/8', '::/0'])).toEqual([]);
  expect(commonRanges(['::ffff:10.0.0.0/104'], ['10.1.0.0/16'])).toEqual(['10.1.0.0/16']);
  expect(commonRanges(['012.0.0.0/8'], ['12.0.0.0/8', '10.0.0.0/8'])).toEqual([]);
});
