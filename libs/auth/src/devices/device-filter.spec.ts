import { expect, it } from 'vitest';
import { readDeviceFilter } from './device-filter.js';

const HEX = '4c07bc6757ea42dd8702c2d6c45419fc';
const UUID = '4c07bc67-57ea-42dd-8702-c2d6c45419fc';

it.each([
  ['OU=Local', [null, null, 'local']],
  ['CN=Jane,OU=Local', [null, 'jane', 'local']],
  [`CN=${HEX},CN=Jane`, [UUID, 'jane', null]],
  [`cn=${HEX.toUpperCase()}`, [UUID, null, null]],
  [`CN=${HEX},CN=Jane,OU=Local`, [UUID, 'jane', 'local']],
])('reads %s', (text, [deviceId, username, providerName]) => {
  expect(readDeviceFilter(text)).toEqual({ deviceId, username, providerName });
});

it.each([
  'CN=jane',
  'jane',
  'OU=',
  'CN=',
  ',OU=local',
  'OU=local,CN=a',
  ' OU=local',
  'CN=a,CN=b',
  HEX,
  'OU=a,OU=b',
  '*',
  '%',
])('matches nothing with %j', (text) => {
  expect(readDeviceFilter(text)).toBeNull();
});

it.each([`CN=${HEX}`, `CN=${HEX},CN=Jane`])('does not take %s for an end', (text) => {
  expect(readDeviceFilter(text, { end: true })).toBeNull();
});
