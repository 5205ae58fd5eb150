import type { ServiceUser } from '@sallyport/identity';
import type { ServiceUserInput } from '@sallyport/privileges';
import { namedObjectAnswer } from '../wire/named-object-answer.js';
import { wireTime } from '../wire/wire-time.js';
import type { ServiceUserAnswer, ServiceUserFields } from './service-user.dto.js';

/** A request's fields as the core takes them. */
export function serviceUserInput({ lockStart, ...fields }: ServiceUserFields): ServiceUserInput {
  return { ...fields, lockStart: lockStart ?? null };
}

/** `labels` is there always: sdpctl writes into what it read (appgate.md §5.2). */
export function serviceUserAnswer(user: ServiceUser): ServiceUserAnswer {
  return {
    ...namedObjectAnswer(user),
    labels: user.labels,
    disabled: user.disabled,
    failedLoginAttempts: user.failedLoginAttempts,
    ...(user.lockStart !== null && { lockStart: wireTime(user.lockStart) }),
  };
}
