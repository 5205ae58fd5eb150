import type { LocalUser } from '@sallyport/identity';
import type { UserInput } from '@sallyport/privileges';
import { wireTime } from '../wire/wire-time.js';
import type { LocalUserAnswer, LocalUserFields } from './local-user.dto.js';

/** A request's fields as the core takes them. */
export function localUserInput(fields: LocalUserFields): UserInput {
  const { email = null, phone = null, lockStart = null, ...rest } = fields;
  return { ...rest, email, phone, lockStart };
}

/** A user on the wire: `email`, `phone` and `lockStart` only where set (appgate.md §5.1), never a password. */
export function localUserAnswer(user: LocalUser): LocalUserAnswer {
  return {
    id: user.id,
    name: user.name,
    notes: user.notes,
    tags: user.tags,
    created: wireTime(user.createdAt),
    updated: wireTime(user.updatedAt),
    firstName: user.firstName,
    lastName: user.lastName,
    ...(user.email !== null && { email: user.email }),
    ...(user.phone !== null && { phone: user.phone }),
    disabled: user.disabled,
    failedLoginAttempts: user.failedLoginAttempts,
    ...(user.lockStart !== null && { lockStart: wireTime(user.lockStart) }),
  };
}
