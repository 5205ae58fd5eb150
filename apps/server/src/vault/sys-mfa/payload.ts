import { canonicalName } from '@sallyport/identity';
import type { MfaMethod } from '@sallyport/mfa-methods';
import type { CredentialFor } from '@sallyport/auth';
import { readMfaCredential } from '../wire/mfa-credentials.js';

/** What came for a method: under its id, else under its name (§3.4); undefined where nothing came at all. */
export function credentialsFrom(
  entries: Iterable<readonly [key: string, strings: readonly string[]]>,
): CredentialFor {
  const sent = new Map(entries);
  const byName = new Map([...sent].map(([key, strings]) => [canonicalName(key), strings]));
  return (method: MfaMethod) => {
    const strings =
      sent.get(method.id) ?? (method.nameCanonical === null ? undefined : byName.get(method.nameCanonical));
    if (strings === undefined) return undefined;
    const credential = readMfaCredential(strings);
    return 'fault' in credential ? { problem: credential.fault } : { code: credential.passcode || null };
  };
}
