import { Logger } from '@nestjs/common';
import { beforeAll, describe, expect, it } from 'vitest';
import { readConfig } from '../config/config.js';
import type { HostResolver } from './host-resolver.js';
import { Outgoing } from './outgoing.js';

/** The outside: a name server whose answers the test sets. */
function outgoing(allow: string, names: Record<string, string[]> = {}) {
  const asked: string[] = [];
  const resolver: HostResolver = {
    addressesOf: (name) => {
      asked.push(name);
      return name in names ? Promise.resolve(names[name]!) : Promise.reject(new Error('ENOTFOUND'));
    },
  };
  return { asked, guard: new Outgoing(readConfig({ SALLYPORT_OUTGOING_ALLOW: allow }), resolver) };
}

describe('an outgoing call', () => {
  beforeAll(() => Logger.overrideLogger(false));

  it('S87 goes to the listed host, port and scheme only', async () => {
    const { guard } = outgoing('radius://10.0.0.5:1812');
    expect(await guard.find('radius', '10.0.0.5', 1812)).toEqual({
      address: '10.0.0.5',
      family: 4,
      port: 1812,
    });
    expect(await guard.find('radius', '10.0.0.5', 1813)).toBeNull();
    expect(await guard.find('radius', '10.0.0.6', 1812)).toBeNull();
    expect(await guard.find('https', '10.0.0.5', 1812)).toBeNull();
  });

  it('S87 asks no name server about a host that is not listed', async () => {
    const { guard, asked } = outgoing('radius://otp.example.com');
    expect(await guard.find('radius', 'evil.example.com', 1812)).toBeNull();
    expect(asked).toEqual([]);
  });

  it('S87 is made to the address that was checked', async () => {
    const { guard, asked } = outgoing('radius://otp.example.com', { 'otp.example.com': ['192.168.7.7'] });
    expect(await guard.find('radius', 'OTP.example.com', 1812)).toEqual({
      address: '192.168.7.7',
      family: 4,
      port: 1812,
    });
    expect(asked).toEqual(['otp.example.com']);
  });

  it.each([
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '168.63.129.16',
    '100.100.100.200',
    '0.0.0.0',
    '::',
    '255.255.255.255',
    '224.0.0.1',
    '64:ff9b::7f00:1',
    '2002:7f00:1::',
  ])('S87 never goes to %s because a listed name points there', async (address) => {
    const { guard } = outgoing('radius://otp.example.com', { 'otp.example.com': [address] });
    expect(await guard.find('radius', 'otp.example.com', 1812)).toBeNull();
  });

  it('S87 goes to loopback where an entry names that very address', async () => {
    const { guard } = outgoing('radius://localhost:1812,radius://127.0.0.1:1812', {
      localhost: ['::1', '127.0.0.1'],
    });
    expect(await guard.find('radius', 'localhost', 1812)).toEqual({
      address: '127.0.0.1',
      family: 4,
      port: 1812,
    });
    expect(await guard.find('radius', '::ffff:127.0.0.1', 1812)).toEqual({
      address: '127.0.0.1',
      family: 4,
      port: 1812,
    });
    expect(await guard.find('radius', '::1', 1812)).toBeNull();
  });

  it.each([
    '2130706433',
    '0x7f000001',
    '127.1',
    '0177.0.0.1',
    'localhost.',
    'user@127.0.0.1',
    '127.0.0.1#',
    '',
  ])('S87 takes %j for no spelling of a listed address', async (host) => {
    const { guard, asked } = outgoing('radius://127.0.0.1:1812,radius://localhost:1812');
    expect(await guard.find('radius', host, 1812)).toBeNull();
    expect(asked).toEqual([]);
  });

  it('is not made where the name has no address, or none in time', async () => {
    expect(
      await outgoing('radius://otp.example.com').guard.find('radius', 'otp.example.com', 1812),
    ).toBeNull();
    const resolver: HostResolver = { addressesOf: () => new Promise(() => undefined) };
    const guard = new Outgoing(
      readConfig({ SALLYPORT_OUTGOING_ALLOW: 'radius://otp.example.com' }),
      resolver,
    );
    expect(await guard.find('radius', 'otp.example.com', 1812, 20)).toBeNull();
  });
});
