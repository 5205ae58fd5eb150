/** How sure it is who holds a token (NIST SP 800-63B-4): 1 is a password alone, 2 is a password and a second factor. */
export type AssuranceLevel = 1 | 2;

/** The level that follows from the recorded factors; what is not recorded, or not readable, counts as the weakest (S43). */
export function assuranceLevelOf(factors: unknown): AssuranceLevel {
  return Array.isArray(factors) && factors.some(isCompletedFactor) ? 2 : 1;
}

function isCompletedFactor(factor: unknown): boolean {
  if (typeof factor !== 'object' || factor === null) return false;
  const { methodId, time } = factor as { methodId?: unknown; time?: unknown };
  return typeof methodId === 'string' && typeof time === 'string' && !Number.isNaN(Date.parse(time));
}
