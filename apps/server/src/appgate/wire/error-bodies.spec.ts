import { DomainError, type ErrorDetails, type ErrorKind } from '@sallyport/platform';
import { expect, it } from 'vitest';
import { ERROR_BODIES } from './error-bodies.js';

const spell = (kind: ErrorKind, code = 'any', details: ErrorDetails = {}, method = 'POST') => {
  const wire = ERROR_BODIES[kind](new DomainError(kind, code, 'for the log only', details), method);
  return [wire.status, wire.headers ?? {}, JSON.stringify(wire.body)];
};
const bearer = { 'WWW-Authenticate': 'Bearer' };

it.each<[ErrorKind, string, ErrorDetails, number, Record<string, string>, string]>([
  ['malformed', '', {}, 400, {}, '{"id":"bad request","message":"The request body is not valid JSON."}'],
  [
    'rejected',
    '',
    {},
    401,
    bearer,
    '{"id":"unauthorized","message":"Invalid username or password.","failureType":"Login","reason":"Invalid username or password."}',
  ],
  [
    'factor-rejected',
    '',
    {},
    401,
    bearer,
    '{"id":"unauthorized","message":"Invalid one-time password. Please make sure the time on your device is correct.","failureType":"Mfa","reason":"Invalid one-time password. Please make sure the time on your device is correct."}',
  ],
  [
    'factor-not-pending',
    '',
    {},
    401,
    bearer,
    '{"id":"unauthorized","message":"Multi-factor authentication is not pending for this token.","failureType":"Mfa"}',
  ],
  [
    'factor-rejected',
    'mfa-provider-silent',
    {},
    401,
    bearer,
    '{"id":"unauthorized","message":"The MFA provider did not respond.","failureType":"Mfa"}',
  ],
  [
    'unauthenticated',
    '',
    {},
    401,
    bearer,
    '{"id":"unauthorized","message":"The token is missing, invalid or expired. Sign in again."}',
  ],
  [
    'forbidden',
    '',
    {},
    403,
    {},
    '{"id":"forbidden","message":"You don\'t have permission to access this resource."}',
  ],
  [
    'forbidden',
    'no-administration-rights',
    {},
    403,
    {},
    '{"id":"forbidden","message":"No administration rights."}',
  ],
  [
    'forbidden',
    'built-in',
    {},
    403,
    {},
    '{"id":"forbidden","message":"Built-in objects cannot be deleted."}',
  ],
  ['not-found', '', {}, 404, {}, '{"id":"not found","message":"The requested resource was not found."}'],
  [
    'method-not-allowed',
    '',
    { allow: ['GET', 'PUT'] },
    405,
    { Allow: 'GET, PUT' },
    '{"id":"method not allowed","message":"The method is not allowed for this resource."}',
  ],
  [
    'not-acceptable',
    '',
    { received: 'application/vnd.appgate.peer-v5+json' },
    406,
    {},
    '{"id":"not acceptable","message":"Invalid \'Accept\' header. Current version: application/vnd.appgate.peer-v23+json, Received: application/vnd.appgate.peer-v5+json","minSupportedVersion":17,"maxSupportedVersion":23}',
  ],
  [
    'conflict',
    'name-taken',
    {},
    409,
    {},
    '{"id":"conflict","message":"An object with the same id or name already exists."}',
  ],
  ['conflict', 'in-use', {}, 409, {}, '{"id":"conflict","message":"The object is in use."}'],
  [
    'conflict',
    'last-administrator',
    {},
    409,
    {},
    '{"id":"conflict","message":"A full administrator must remain."}',
  ],
  [
    'factor-owed',
    '',
    { username: 'admin' },
    412,
    {},
    '{"id":"precondition failed","message":"Administrative authorization requires two-factor authentication.","otpRequired":true,"username":"admin"}',
  ],
  ['too-large', '', {}, 413, {}, '{"id":"payload too large","message":"The request body is too large."}'],
  [
    'invalid',
    '',
    { violations: [{ field: 'name', message: 'may not be null' }] },
    422,
    {},
    '{"id":"unprocessable entity","message":"The request is not valid.","errors":[{"field":"name","message":"may not be null"}]}',
  ],
  [
    'throttled',
    '',
    { retryAfter: 29.2 },
    429,
    { 'Retry-After': '30' },
    '{"id":"too many requests","message":"Too many failed attempts. Try again later."}',
  ],
  ['internal', '', {}, 500, {}, '{"id":"internal server error","message":"An unexpected error occurred."}'],
  [
    'unavailable',
    '',
    {},
    503,
    { 'Retry-After': '5' },
    '{"id":"service unavailable","message":"The service is not available."}',
  ],
])('S88 spells %s %s to the letter', (kind, code, details, status, headers, body) => {
  expect(spell(kind, code, details)).toEqual([status, headers, body]);
});

it('answers a conflict on PUT as a value that is not acceptable', () => {
  expect(spell('conflict', 'name-taken', {}, 'PUT')).toEqual([
    422,
    {},
    '{"id":"unprocessable entity","message":"The request is not valid.","errors":[{"field":"name","message":"must be unique"}]}',
  ]);
  const violations = [{ field: 'disabled', message: 'must leave a full administrator' }];
  expect(spell('conflict', 'last-administrator', { violations }, 'PUT')[2]).toContain(
    JSON.stringify(violations),
  );
});
