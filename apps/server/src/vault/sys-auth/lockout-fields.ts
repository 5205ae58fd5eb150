import type { LockoutChange } from '@sallyport/identity';
import { coerce, CoercionError, type FieldKind } from '../wire/coerce.js';
import { readFields } from '../wire/fields.js';
import { conversionError } from '../wire/vault-error.js';
import { LockoutFields, type TuneFields } from './tune.dto.js';

type Sent = Pick<
  TuneFields,
  | 'user_lockout_config'
  | 'user_lockout_threshold'
  | 'user_lockout_duration'
  | 'user_lockout_counter_reset_duration'
  | 'user_lockout_disable'
>;

/** The lockout settings a request names, nested or flat (§11); undefined where it names none. Throws 400. */
export function lockoutOf(sent: Sent): LockoutChange | undefined {
  const nested = readFields(LockoutFields, sent.user_lockout_config ?? {});
  const change: LockoutChange = {
    threshold: wholeOf('int', 'lockout_threshold', nested.lockout_threshold ?? sent.user_lockout_threshold),
    duration: wholeOf('duration', 'lockout_duration', nested.lockout_duration ?? sent.user_lockout_duration),
    counterReset: wholeOf(
      'duration',
      'lockout_counter_reset_duration',
      nested.lockout_counter_reset_duration ?? sent.user_lockout_counter_reset_duration,
    ),
    disable: nested.lockout_disable ?? sent.user_lockout_disable,
  };
  return Object.values(change).some((value) => value !== undefined) ? change : undefined;
}

/** Seconds of a lease as tuning takes it: empty leaves it, `system` is the default (0). Throws 400. */
export function leaseOf(field: string, text: string | undefined): number | undefined {
  return wholeOf('duration', field, text);
}

function wholeOf(kind: Extract<FieldKind, 'int' | 'duration'>, field: string, text: string | undefined) {
  if (text === undefined || text === '') return undefined;
  if (kind === 'duration' && text === 'system') return 0;
  try {
    const value = coerce(kind, text) as number;
    if (value < 0) throw new CoercionError('cannot be negative');
    return value;
  } catch (error) {
    if (error instanceof CoercionError) throw conversionError(field, error.message);
    throw error;
  }
}
