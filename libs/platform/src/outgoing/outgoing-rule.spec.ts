import { describe, expect, it } from 'vitest';
import { parseOutgoingRule } from './outgoing-rule.js';

describe('an entry of the allow list', () => {
  it.each([
    ['radius://10.0.0.5:1645', { scheme: 'radius', host: '10.0.0.5', port: 1645 }],
    ['radius://otp.example.com', { scheme: 'radius', host: 'otp.example.com', port: 1812 }],
    ['HTTPS://API.Example.com', { scheme: 'https', host: 'api.example.com', port: 443 }],
    ['radius://[2001:DB8::1]:1812', { scheme: 'radius', host: '2001:db8:0:0:0:0:0:1', port: 1812 }],
    ['radius://[::ffff:127.0.0.1]:1812', { scheme: 'radius', host: '127.0.0.1', port: 1812 }],
  ])('%s names scheme, host and port', (entry, rule) => {
    expect(parseOutgoingRule(entry)).toEqual(rule);
  });

  it.each([
    'otp.example.com:1812',
    'http://otp.example.com',
    'file:///etc/passwd',
    'https://user:word@otp.example.com',
    'https://otp.example.com/path',
    'https://otp.example.com?x',
    'radius://otp.example.com:0',
    'radius://otp.example.com:65536',
    'radius://2001:db8::1:1812',
    'radius://2130706433:1812',
    'radius://0x7f000001:1812',
    'radius://127.1:1812',
    'radius://010.0.0.1:1812',
    'radius://[fe80::1%eth0]:1812',
    'radius://[otp.example.com]:1812',
    'radius://*.example.com:1812',
    'radius://',
    'constructor://otp.example.com',
  ])('S87 %s is refused', (entry) => {
    expect(parseOutgoingRule(entry)).toBeNull();
  });
});
