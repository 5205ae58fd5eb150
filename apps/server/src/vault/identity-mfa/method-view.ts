import { type MfaMethod, totpConfigOf } from '@sallyport/mfa-methods';
import type { TotpMethodView } from './totp-method-view.dto.js';

/** A method as it is read and listed (§5.2): `name`, not `method_name`. Secrets of other types are in none of it. */
export function methodView(method: MfaMethod): TotpMethodView | CommonMethodView {
  const common = {
    type: method.type,
    id: method.id,
    name: method.name ?? '',
    namespace_id: 'root',
    namespace_path: '',
  };
  if (method.type !== 'totp') return common;
  const config = totpConfigOf(method);
  return {
    issuer: config.issuer,
    period: config.period,
    digits: config.digits,
    skew: config.skew,
    key_size: config.keySize,
    qr_size: config.qrSize,
    algorithm: config.algorithm,
    max_validation_attempts: config.maxValidationAttempts,
    enable_self_enrollment: config.enableSelfEnrollment,
    account_name: config.accountName,
    ...common,
  };
}

type CommonMethodView = Pick<TotpMethodView, 'type' | 'id' | 'name' | 'namespace_id' | 'namespace_path'>;
