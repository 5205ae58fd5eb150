import type { LocalUser } from '@sallyport/identity';
import type { LocalUserInput } from '@sallyport/privileges';
import { namedObjectAnswer } from '../wire/named-object-answer.js';
import { wireTime } from '../wire/wire-time.js';
import type { LocalUserAnswer, LocalUserFields } from './local-user.dto.js';

/** A request's fields as the core takes them. */
export function localUserInput(fields: LocalUserFields): LocalUserInput {
  const { email = null, phone = null, lockStart = null, ...rest } = fields;
  return { ...rest, email, phone, lockStart };
}

/** A user on the wire: `email`, `phone` and `lockStart` only where set (appgate.md §5.1), never a password. */
export function localUserAnswer(user: LocalUser): LocalUserAnswer {
  return {
    ...namedObjectAnswer(user),
    firstName: user.firstName,
    lastName: user.lastName,
    ...(user.email !== null && { email: user.email }),
    ...(user.phone !== null && { phone: user.phone }),
    disabled: user.disabled,
    failedLoginAttempts: user.failedLoginAttempts,
    ...(user.lockStart !== null && { lockStart: wireTime(user.lockStart) }),
  };
}
