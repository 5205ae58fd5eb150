import { describe, expect, it } from 'vitest';
import { normalAddress, TrustedProxies } from './client-address.js';

const proxies = new TrustedProxies(['10.0.0.0/8', '2001:db8::/32', '192.0.2.7']);

describe('TrustedProxies', () => {
  it.each([
    ['the socket counts when it is no proxy', '203.0.113.1', '198.51.100.1', '203.0.113.1'],
    ['one proxy', '10.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['two proxies', '10.0.0.1', '203.0.113.1, 192.0.2.7', '203.0.113.1'],
    ['an IPv4-mapped socket', '::ffff:10.0.0.1', '203.0.113.1', '203.0.113.1'],
    ['an IPv4-mapped hop', '10.0.0.1', '::ffff:203.0.113.1', '203.0.113.1'],
    ['an IPv4-mapped proxy among the hops', '10.0.0.1', '203.0.113.1, ::FFFF:10.9.9.9', '203.0.113.1'],
    ['an IPv6 proxy', '2001:db8::1', '2001:0DB9:0:0::5', '2001:db9::5'],
    ['only proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['nothing', '10.0.0.1', undefined, '10.0.0.1'],
    ['an empty header', '10.0.0.1', '', '10.0.0.1'],
    ['rubbish nearest', '10.0.0.1', '203.0.113.1, unknown', '10.0.0.1'],
    ['rubbish behind a proxy', '10.0.0.1', '203.0.113.1, _x, 10.0.0.2', '10.0.0.2'],
    ['decimal, octal and short spellings', '10.0.0.1', '2130706433, 0177.0.0.1, 127.1', '10.0.0.1'],
    ['an address with a port', '10.0.0.1', '203.0.113.1:99', '10.0.0.1'],
    ['an injected line', '10.0.0.1', '203.0.113.1\n', '203.0.113.1'],
  ])('S83 %s', (_what, socket, header, expected) => {
    expect(proxies.clientAddress(socket, header)).toBe(expected);
  });

  it('S83 knows a range of IPv4 addresses mapped into IPv6', () => {
    const mapped = new TrustedProxies(['::ffff:10.0.0.0/104']);
    expect(mapped.clientAddress('10.0.0.1', '203.0.113.1')).toBe('203.0.113.1');
  });

  it('S83 believes nobody by default', () => {
    expect(new TrustedProxies([]).clientAddress('127.0.0.1', '203.0.113.1')).toBe('127.0.0.1');
  });

  it('refuses what is no address', () => {
    expect(() => new TrustedProxies(['proxy.example'])).toThrow();
    expect(() => new TrustedProxies(['10.0.0.0/99'])).toThrow();
    expect(() => new TrustedProxies(['010.0.0.0/8'])).toThrow();
  });
});

describe('normalAddress', () => {
  it('has one spelling for each address', () => {
    expect(normalAddress('::ffff:7f00:1')).toBe('127.0.0.1');
    expect(normalAddress('FE80:0:0:0:0:0:0:1%eth0')).toBe('fe80::1');
    expect(normalAddress('')).toBe('0.0.0.0');
  });
});
