/** What the credential strings sent for one method mean (§3.4): a passcode, nothing (`''`), or a fault to report. */
export type MfaCredential = { passcode: string } | { fault: string };

const PREFIX = 'passcode=';
const FAILED = 'failed to parse MFA factor, ';

/** Reads the credential strings of one method; the cases are the table of vault.md §15. Nothing is trimmed (S16). */
export function readMfaCredential(strings: readonly string[]): MfaCredential {
  let passcode = '';
  for (const text of strings) {
    if (text === '') continue;
    if (text === PREFIX) return { fault: `${FAILED}invalid passcode` };
    if (!text.startsWith(PREFIX) && text.includes('=')) {
      return { fault: `${FAILED}found an invalid MFA cred: ${text}` };
    }
    if (passcode !== '') return { fault: `${FAILED}found multiple passcodes for the same MFA method` };
    passcode = text.startsWith(PREFIX) ? text.slice(PREFIX.length) : text;
  }
  return { passcode };
}

/** Whether a value of `mfa_payload` is a list of strings; numbers are refused (S16). */
export function isMfaPayload(value: unknown): value is Record<string, string[]> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return Object.values(value).every(
    (strings) => Array.isArray(strings) && strings.every((text) => typeof text === 'string'),
  );
}
