import type { AuditEntry, AuditPeriod } from '@sallyport/audit';
import { DomainError } from '@sallyport/platform';
import type { ListRequest, QueryParameters } from '../lists/list-request.js';
import { wireTime } from '../wire/wire-time.js';
import type { AuditEventAnswer } from './audit-event.dto.js';

/** Events of one page at most, and of one without a range. */
export const PAGE = 1_000;

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)$/;

export function auditEventAnswer({ at, ...entry }: AuditEntry): AuditEventAnswer {
  return { ...entry, at: wireTime(at) };
}

/** @throws DomainError `invalid` for what is no RFC 3339 time, or is given twice (S81). */
export function periodOf({ since, until }: QueryParameters): AuditPeriod {
  return { since: timeOf('since', since), until: timeOf('until', until) };
}

function timeOf(name: string, value: QueryParameters[string]): Date | null {
  if (value === undefined) return null;
  const time = typeof value === 'string' && TIME.test(value) ? new Date(value) : null;
  if (time === null || Number.isNaN(time.getTime()))
    throw DomainError.invalid(name, 'must be a time of RFC 3339');
  return time;
}

/** The audit has no end: whoever names no range gets one page (docs/decisions). @throws DomainError `invalid` for a longer range. */
export function pageOf(request: ListRequest): ListRequest {
  const range = request.range ?? { from: 0, to: PAGE - 1 };
  if (range.to - range.from >= PAGE) throw DomainError.invalid('range', `may span at most ${PAGE} items`);
  return { ...request, range };
}
