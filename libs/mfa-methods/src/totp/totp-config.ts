import type { MfaMethod } from '../mfa-method.entity.js';
import type { TotpAlgorithm } from './totp-code.js';

/** Settings of a TOTP method (contract vault.md §5.2). `period` in seconds, `keySize` in bytes, `qrSize` in pixels. */
export interface TotpConfig {
  issuer: string;
  period: number;
  keySize: number;
  qrSize: number;
  digits: number;
  skew: number;
  algorithm: TotpAlgorithm;
  maxValidationAttempts: number;
  enableSelfEnrollment: boolean;
  /** Template of the account in the otpauth URL; empty: the person's user name. */
  accountName: string;
}

/** What a TOTP method is unless told otherwise; these are also the values that `/admin`'s otpauth URL implies. */
export const TOTP_DEFAULTS: TotpConfig = {
  issuer: 'Sallyport',
  period: 30,
  keySize: 20,
  qrSize: 200,
  digits: 6,
  skew: 1,
  algorithm: 'SHA1',
  maxValidationAttempts: 5,
  enableSelfEnrollment: false,
  accountName: '',
};

export function totpConfigOf(method: MfaMethod): TotpConfig {
  return { ...TOTP_DEFAULTS, ...(method.config as Partial<TotpConfig>) };
}

/** Bytes of a new seed: as configured, but at least 160 bits (S14) and at most 64 bytes. */
export function seedLength({ keySize }: TotpConfig): number {
  return Math.min(Math.max(keySize, 20), 64);
}
