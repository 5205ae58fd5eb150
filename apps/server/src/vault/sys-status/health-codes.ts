import { refuse } from '../wire/vault-error.js';

const CODES = [
  'activecode',
  'sealedcode',
  'standbycode',
  'uninitcode',
  'drsecondarycode',
  'performancestandbycode',
];

/**
 * The status of a health answer: 200, or 503 out of reach, unless the query asks for others (§11). We are never a standby, so
 * `standbyok` and the codes of other states change nothing, but all must be readable. Throws 400 for one that is not.
 */
export function healthStatus(query: Record<string, unknown>, reachable: boolean): number {
  const wanted = new Map<string, number>();
  for (const name of CODES) {
    const value = query[name];
    if (value === undefined) continue;
    if (typeof value !== 'string' || !/^[2-5]\d\d$/.test(value)) throw refuse(400);
    wanted.set(name, Number(value));
  }
  return reachable ? (wanted.get('activecode') ?? 200) : (wanted.get('sealedcode') ?? 503);
}
