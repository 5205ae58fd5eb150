/** What decides how long a new token lives; seconds, 0: not set. */
export interface LifeRequest {
  ttl: number;
  period: number;
  explicitMaxTtl: number;
  rolePeriod: number;
  roleExplicitMaxTtl: number;
  /** Of the token mount. */
  defaultTtl: number;
  maxTtl: number;
  /** A root token of which no life is asked for never ends. */
  root: boolean;
}

export interface TokenLife {
  /** Null: never ends. */
  ttl: number | null;
  period: number;
  explicitMaxTtl: number;
  warnings: string[];
}

/** The life of a token to create, by upstream's rules (contract vault.md §9). */
export function lifeOfNewToken(request: LifeRequest): TokenLife {
  const warnings: string[] = [];
  const explicitMaxTtl = lesser(request.explicitMaxTtl, request.roleExplicitMaxTtl);
  if (request.explicitMaxTtl > 0 && request.roleExplicitMaxTtl > 0)
    warnings.push(bothSpecified('Explicit max TTL', explicitMaxTtl));
  let period = lesser(request.period, request.rolePeriod);
  if (request.period > 0 && request.rolePeriod > 0) warnings.push(bothSpecified('Period', period));
  if (period > request.maxTtl) {
    warnings.push(capped('Period', period, request.maxTtl, 'Period value'));
    period = request.maxTtl;
  }
  if (request.root && period === 0 && request.ttl === 0)
    return { ttl: explicitMaxTtl || null, period, explicitMaxTtl, warnings };
  const wanted = period || request.ttl || request.defaultTtl;
  const most = lesser(period > 0 ? 0 : request.maxTtl, explicitMaxTtl);
  if (most === 0 || wanted <= most) return { ttl: wanted, period, explicitMaxTtl, warnings };
  warnings.push(capped('TTL', wanted, most, 'TTL value'));
  return { ttl: most, period, explicitMaxTtl, warnings };
}

/** The warning for a life that is cut to its parent's. */
export function cutToParent(wanted: number, left: number): string {
  return capped('TTL', wanted, left, 'TTL value');
}

function lesser(one: number, other: number): number {
  if (one === 0 || other === 0) return one || other;
  return Math.min(one, other);
}

function bothSpecified(what: string, seconds: number): string {
  return `${what} specified both during creation call and in role; using the lesser value of ${seconds} seconds`;
}

function capped(what: string, wanted: number, most: number, value: string): string {
  return `${what} of "${spelled(wanted)}" exceeded the effective max_ttl of "${spelled(most)}"; ${value} is capped accordingly`;
}

/** Seconds as Go prints a duration: `1h0m0s`, `20m0s`, `5s`. */
function spelled(seconds: number): string {
  const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
  if (hours > 0) return `${hours}h${minutes}m${rest}s`;
  return minutes > 0 ? `${minutes}m${rest}s` : `${rest}s`;
}
