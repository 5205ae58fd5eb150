import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deviceDn, parseDeviceDn, parseUserDn, userDn } from './distinguished-name.js';
import { nameProblem } from './name-problem.js';

const DEVICE = '0f8fad5b-d9cb-469f-a165-70867728950e';
const HEX = '0f8fad5bd9cb469fa16570867728950e';
const name = fc
  .string({ unit: 'binary', minLength: 1, maxLength: 30 })
  .filter((text) => nameProblem(text, { kind: 'user' }) === null);

describe('distinguished names', () => {
  it('reads back every user and device it writes', () => {
    fc.assert(
      fc.property(name, name, fc.uuid(), (username, providerName, deviceId) => {
        expect(parseUserDn(userDn(username, providerName))).toEqual({ username, providerName });
        const parts = { deviceId, username, providerName };
        expect(parseDeviceDn(deviceDn(deviceId, username, providerName))).toEqual(parts);
      }),
    );
  });

  it('writes what clients expect', () => {
    expect(userDn("Jürgen O'Neil+x", 'local')).toBe("CN=Jürgen O'Neil+x,OU=local");
    expect(deviceDn(DEVICE, 'admin', 'local')).toBe(`CN=${HEX},CN=admin,OU=local`);
    expect(deviceDn(HEX.toUpperCase(), 'admin', 'local')).toBe(`CN=${HEX},CN=admin,OU=local`);
  });

  it('reads CN and OU, and the device id, without regard to case', () => {
    expect(parseUserDn('cn=Admin,oU=Local')).toEqual({ username: 'Admin', providerName: 'Local' });
    expect(parseDeviceDn(`cN=${HEX.toUpperCase()},Cn=a,ou=b`)).toEqual({
      deviceId: DEVICE,
      username: 'a',
      providerName: 'b',
    });
  });

  it.each([
    '',
    'admin',
    'CN=admin',
    'OU=local',
    'CN=,OU=local',
    'CN=admin,OU=',
    'OU=local,CN=admin',
    'CN=admin, OU=local',
    'CN= admin,OU=local',
    'CN =admin,OU=local',
    ' CN=admin,OU=local',
    'CN=admin,OU=local ',
    'CN=admin,OU=local,',
    'CN=admin,OU=local,DC=x',
    'CN=a,b,OU=local',
    'CN=a/b,OU=local',
    'CN=a\\,b,OU=local',
    'CN=a\u200b,OU=local',
    `CN=${HEX},CN=admin,OU=local`,
    `CN=${'x'.repeat(256)},OU=local`,
  ])('does not read %j as a user', (text) => {
    expect(parseUserDn(text)).toBeNull();
  });

  it.each([
    '',
    'CN=admin,OU=local',
    `CN=${DEVICE},CN=admin,OU=local`,
    `CN=${HEX}0,CN=admin,OU=local`,
    `CN=${HEX.slice(1)},CN=admin,OU=local`,
    `CN=${HEX}, CN=admin,OU=local`,
    `OU=${HEX},CN=admin,OU=local`,
    `CN=g${HEX.slice(1)},CN=admin,OU=local`,
    `CN=${HEX},CN=admin`,
  ])('does not read %j as a device', (text) => {
    expect(parseDeviceDn(text)).toBeNull();
  });
});
