import type { HeldRights, LiveToken } from '@sallyport/auth';
import type { Token } from '@sallyport/tokens';
import { scopeToken } from '../wire/header-text.js';
import type { IntrospectionAnswer } from './introspection.dto.js';

/** What is said of a token; null: it is not active, whatever the reason. What is not known is left out. */
export function introspectionAnswer(found: (LiveToken & HeldRights) | null): IntrospectionAnswer {
  if (found === null) return { active: false };
  const { token, user, roles, policies } = found;
  const scope = [...roles, ...policies].map(scopeToken).join(' ');
  const amr = methodsOf(token);
  const authTime = provenAt(token);
  return {
    active: true,
    ...(scope !== '' && { scope }),
    ...(user !== null && { username: user.name }),
    token_type: 'Bearer',
    ...(token.expiresAt !== null && { exp: unix(token.expiresAt) }),
    iat: unix(token.issuedAt),
    ...(token.principalId !== null && { sub: token.principalId }),
    jti: token.accessor,
    acr: `aal${token.assuranceLevel}`,
    ...(amr.length > 0 && { amr }),
    ...(authTime !== null && { auth_time: unix(authTime) }),
    ...(token.boundCidrs.length > 0 && { bound_cidrs: token.boundCidrs }),
  };
}

/** A user's tokens begin with a password; of second factors RFC 8176 has a word for codes alone. */
function methodsOf({ localUserId, factors, assuranceLevel }: Token): string[] {
  const otp = factors.some(({ type }) => type === 'totp');
  return [
    ...(localUserId === null ? [] : ['pwd']),
    ...(otp ? ['otp'] : []),
    ...(assuranceLevel > 1 ? ['mfa'] : []),
  ];
}

function provenAt({ passwordProvenAt, factors }: Token): Date | null {
  const times = [...factors.map(({ time }) => Date.parse(time)), passwordProvenAt?.getTime() ?? Number.NaN];
  const known = times.filter((time) => !Number.isNaN(time));
  return known.length === 0 ? null : new Date(Math.max(...known));
}

function unix(instant: Date): number {
  return Math.floor(instant.getTime() / 1000);
}
