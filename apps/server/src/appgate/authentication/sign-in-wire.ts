import type { Authorization, PartialToken } from '@sallyport/auth';
import { type PrivilegeAnswer, privilegeAnswer } from '../wire/privilege-answer.js';
import { wireTime } from '../wire/wire-time.js';
import type { AuthenticationAnswer, AuthorizationAnswer } from './answers.dto.js';

/** A partial token; privileges are not shown before authorization (appgate.md §2.3). */
export function authenticationAnswer({
  username,
  secret,
  pending,
  expiresAt,
}: PartialToken): AuthenticationAnswer {
  return {
    user: { name: username, needTwoFactorAuth: pending, canAccessAuditLogs: false, privileges: [] },
    token: secret,
    expires: wireTime(expiresAt),
  };
}

/**
 * A final token with the privileges of now (appgate.md §2.6).
 * @param presented the caller's own token, shown again where it is final already.
 */
export function authorizationAnswer(
  { username, secret, expiresAt, privileges, messageOfTheDay }: Authorization,
  version: number,
  presented?: string,
): AuthorizationAnswer {
  return {
    user: {
      name: username,
      needTwoFactorAuth: false,
      canAccessAuditLogs: false,
      privileges: distinct(privileges.map((privilege) => privilegeAnswer(privilege, version))),
    },
    token: secret ?? presented ?? '',
    expires: wireTime(expiresAt),
    ...(messageOfTheDay !== undefined && { messageOfTheDay }),
    crlEnabled: false,
  };
}

/** Identical entries once, as the wire shows them (appgate.md §2.6). */
function distinct(privileges: PrivilegeAnswer[]): PrivilegeAnswer[] {
  return [...new Map(privileges.map((privilege) => [JSON.stringify(privilege), privilege])).values()];
}
