import type { BlacklistedUser } from '@sallyport/auth';
import { canonicalName, parseUserDn, type UserName } from '@sallyport/identity';
import { DomainError } from '@sallyport/platform';
import { wireTime } from '../wire/wire-time.js';
import type { BlacklistedUserAnswer, BlacklistFields } from './blacklist.dto.js';

/** @throws DomainError `invalid` where the name or the provider is not the one in the DN (appgate.md §5.7). */
export function blacklistedName(fields: BlacklistFields): UserName {
  const user = parseUserDn(fields.userDistinguishedName) as UserName;
  const isOther = (field: keyof UserName) =>
    fields[field] !== undefined && canonicalName(fields[field]) !== canonicalName(user[field]);
  const violations = (['username', 'providerName'] as const)
    .filter(isOther)
    .map((field) => ({ field, message: 'is not applicable' }));
  if (violations.length > 0)
    throw new DomainError('invalid', 'invalid', 'The request is not valid.', { violations });
  return user;
}

export function blacklistAnswer({ blacklistedAt, reason, ...user }: BlacklistedUser): BlacklistedUserAnswer {
  return { ...user, ...(reason !== null && { reason }), blacklistedAt: wireTime(blacklistedAt) };
}
