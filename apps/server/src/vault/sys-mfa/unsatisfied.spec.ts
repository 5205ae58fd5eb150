import type { MethodRefusal } from '@sallyport/auth';
import { MfaMethod } from '@sallyport/mfa-methods';
import { describe, expect, it } from 'vitest';
import { VaultError } from '../wire/vault-error.js';
import { unsatisfied } from './unsatisfied.js';

const first = Object.assign(new MfaMethod(), {
  id: '820997b3-110e-c251-7e8b-ff4aa428a6e1',
  type: 'totp',
  name: 'one',
});
const second = Object.assign(new MfaMethod(), {
  id: '1f0c7a5e-2a0e-4c6e-9d0a-5b7e0e9a1c22',
  type: 'okta',
  name: null,
});
const entityId = '0b8f7b1e-5f43-4a3c-9a63-0c8f3d2f7a11';

function text(methods: MfaMethod[], refusals: MethodRefusal[]): string {
  const enforcement = { name: 'foo', methods, methodIds: methods.map(({ id }) => id) };
  const error = unsatisfied({ enforcement, refusals }, entityId) as VaultError;
  expect(error.status).toBe(403);
  return error.errors[0]!;
}

const failed = (ids: string) => `\t* login MFA validation failed for methodID: [${ids}]\n\n`;

describe('unsatisfied', () => {
  it('tells a wrong code as the contract’s whole example does', () => {
    expect(text([first], [{ method: first, refusal: { reason: 'wrong' } }])).toBe(
      `failed to satisfy enforcement foo. error: 2 errors occurred:\n\t* failed to validate TOTP passcode\n${failed(first.id)}`,
    );
  });

  it('tells that nothing came for any method', () => {
    expect(text([first, second], [])).toBe(
      'failed to satisfy enforcement foo. error: failed to sanitize MFA creds, 2 errors occurred:\n' +
        `\t* failed to find MFA credentials associated with an MFA method ID ${first.id}, method name one\n` +
        `\t* failed to find MFA credentials associated with an MFA method ID ${second.id}, method name \n\n`,
    );
  });

  it('counts the reasons of several methods', () => {
    const refusals: MethodRefusal[] = [
      { method: first, refusal: { reason: 'missing' } },
      { method: second, refusal: { reason: 'unsupported-type' } },
    ];
    expect(text([first, second], refusals)).toBe(
      'failed to satisfy enforcement foo. error: 3 errors occurred:\n\t* MFA credentials not supplied\n' +
        `\t* unrecognized MFA type "okta"\n${failed(`${first.id} ${second.id}`)}`,
    );
  });

  it.each<[MethodRefusal['refusal'], string]>([
    [
      { reason: 'throttled', freeTries: 3, waitSeconds: 30, retryAfter: 12 },
      'maximum TOTP validation attempts 4 exceeded the allowed attempts 3. Please try again in 30s seconds',
    ],
    [
      { reason: 'not-enrolled', hasAny: false },
      `MFA secret for method ID "${first.id}" not present in entity "${entityId}"`,
    ],
    [
      { reason: 'not-enrolled', hasAny: true },
      `MFA secret for method name "one" not present in entity "${entityId}"`,
    ],
    [
      { reason: 'unreadable', problem: 'failed to parse MFA factor, invalid passcode' },
      'failed to parse MFA factor, invalid passcode',
    ],
  ])('tells %j', (refusal, reason) => {
    expect(text([first], [{ method: first, refusal }])).toBe(
      `failed to satisfy enforcement foo. error: 2 errors occurred:\n\t* ${reason}\n${failed(first.id)}`,
    );
  });
});
