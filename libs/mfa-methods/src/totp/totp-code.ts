import { timingSafeEqual } from 'node:crypto';
import { generateSync } from 'otplib';

export type TotpAlgorithm = 'SHA1' | 'SHA256' | 'SHA512';

/** What is frozen into an authenticator when it is made (S14). `period` in seconds, `skew` in steps. */
export interface TotpParameters {
  algorithm: TotpAlgorithm;
  digits: number;
  period: number;
  skew: number;
}

/** The time step an instant lies in (RFC 6238 §4.2). */
export function stepAt(instant: Date, period: number): number {
  return Math.floor(instant.getTime() / 1000 / period);
}

/** The code of one time step (RFC 4226 §5.3). */
export function codeOf(seed: Buffer, step: number, { algorithm, digits }: TotpParameters): string {
  return generateSync({
    strategy: 'hotp',
    secret: new Uint8Array(seed),
    counter: step,
    digits,
    algorithm: algorithm.toLowerCase() as 'sha1' | 'sha256' | 'sha512',
  });
}

/** A code is exactly `digits` ASCII digits: nothing is trimmed, joined or folded (S16). */
export function isWellFormed(code: string, digits: number): boolean {
  return code.length === digits && /^[0-9]+$/.test(code);
}

/**
 * The steps of the window around `now` whose code this is, lowest first. Every step is computed and compared in
 * constant time, whatever the outcome (S23, RFC 6238 §5.2).
 */
export function matchingSteps(seed: Buffer, code: string, now: Date, parameters: TotpParameters): number[] {
  const present = stepAt(now, parameters.period);
  const given = Buffer.from(code);
  const matches: number[] = [];
  for (let step = present - parameters.skew; step <= present + parameters.skew; step += 1) {
    const expected = Buffer.from(codeOf(seed, step, parameters));
    if (expected.length === given.length && timingSafeEqual(expected, given)) matches.push(step);
  }
  return matches;
}
