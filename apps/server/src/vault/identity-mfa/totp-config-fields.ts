import { templateProblem, TOTP_DEFAULTS, type TotpConfig } from '@sallyport/mfa-methods';
import { refuse } from '../wire/vault-error.js';
import type { TotpMethodFields } from './totp-method.dto.js';

/** The settings a write means: unspecified fields are at their defaults (§5.1: replace is not partial). */
export function totpConfigFrom(fields: TotpMethodFields): TotpConfig {
  const problem = templateProblem(fields.account_name);
  if (problem !== null) throw refuse(400, `account_name template is invalid: ${problem}`);
  return {
    issuer: fields.issuer || TOTP_DEFAULTS.issuer,
    period: fields.period,
    keySize: fields.key_size,
    qrSize: fields.qr_size,
    digits: fields.digits,
    skew: fields.skew,
    algorithm: fields.algorithm as TotpConfig['algorithm'],
    maxValidationAttempts: fields.max_validation_attempts || TOTP_DEFAULTS.maxValidationAttempts,
    enableSelfEnrollment: fields.enable_self_enrollment,
    accountName: fields.account_name,
  };
}
