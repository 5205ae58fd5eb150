import type { DomainError } from '@sallyport/platform';

/** The `WWW-Authenticate` of a refusal, and the error it names (RFC 6750 §3; RFC 9470 §3 where a further factor would do). */
export function challengeOf(
  { code, details }: DomainError,
  error: string,
  tokenSent: boolean,
): { header: string; error: string } {
  if (code === 'assurance-too-low') {
    const needed = 'insufficient_user_authentication';
    return {
      header: `Bearer realm="sallyport", error="${needed}", acr_values="aal${Number(details['assurance'])}"`,
      error: needed,
    };
  }
  // Of a token that was not sent nothing is said.
  if (!tokenSent) return { header: 'Bearer realm="sallyport"', error: 'invalid_request' };
  return { header: `Bearer realm="sallyport", error="${error}"`, error };
}
