import { describe, expect, it } from 'vitest';
import { addressRange, isWithin } from './address-range.js';

describe('addressRange', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7/32'],
    ['10.0.0.0/8', '10.0.0.0/8'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::1', '2001:db8::1/128'],
    ['fd00::/8', 'fd00::/8'],
    ['::ffff:192.0.2.7', '192.0.2.7/32'],
    ['::ffff:127.0.0.0/104', '127.0.0.0/8'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
  ])('reads %s as %s', (text, meant) => {
    const [first, bits] = addressRange(text)!;
    expect(`${first.toString()}/${bits}`).toBe(meant);
  });

  it.each([
    '0177.0.0.1',
    '010.0.0.0/8',
    '2130706433',
    '127.1',
    '1.2.3',
    '0x7f.1',
    '0x7f000001',
    '::ffff:0177.0.0.1',
    '::ffff:0:0/95',
    '10.0.0.0/33',
    '10.0.0.0/08',
    '10.0.0.0/',
    'fd00::/129',
    '/8',
    'nowhere',
    '',
  ])('takes no %j', (text) => {
    expect(addressRange(text)).toBe(null);
  });
});

describe('isWithin', () => {
  it.each([
    ['127.0.0.1', ['::ffff:127.0.0.0/104'], true],
    ['128.0.0.1', ['::ffff:127.0.0.0/104'], false],
    ['::ffff:10.1.2.3', ['192.0.2.1', '10.0.0.0/8'], true],
    ['fd00::1', ['10.0.0.0/8', 'fd00::/8'], true],
    ['10.1.2.3', ['::/0'], false],
    ['127.0.0.1', ['0177.0.0.1'], false],
    ['127.0.0.1', [], true],
    [null, ['0.0.0.0/0'], false],
    [null, [], true],
  ])('S83 %s in %j: %s', (address, ranges, expected) => {
    expect(isWithin(address, ranges)).toBe(expected);
  });
});
