import type { BlacklistedUser } from '@sallyport/auth';
import { canonicalName, parseUserDn, type UserName } from '@sallyport/identity';
import { DomainError } from '@sallyport/platform';
import { wireTime } from '../wire/wire-time.js';
import type { BlacklistedUserAnswer, BlacklistFields } from './blacklist.dto.js';

/** @throws DomainError `invalid` where the name or the provider is not the one in the DN (appgate.md §5.7). */
export function blacklistedName(fields: BlacklistFields): UserName {
  const user = parseUserDn(fields.userDistinguishedName) as UserName;
  for (const field of ['username', 'providerName'] as const)
    if (fields[field] !== undefined && canonicalName(fields[field]) !== canonicalName(user[field]))
      throw DomainError.invalid(field, 'is not applicable');
  return user;
}

export function blacklistAnswer({ blacklistedAt, reason, ...user }: BlacklistedUser): BlacklistedUserAnswer {
  return { ...user, ...(reason !== null && { reason }), blacklistedAt: wireTime(blacklistedAt) };
}
