import {
  duoConfigOf,
  type MfaMethod,
  type MfaMethodType,
  oktaConfigOf,
  pingidConfigOf,
  totpConfigOf,
} from '@sallyport/mfa-methods';
import type { CommonMethodView } from './vendor-method-view.dto.js';

type View = Record<string, unknown>;

/** What each type shows beside the common keys. No secret is in any of it: they are no part of `config`. */
const BY_TYPE: Partial<Record<MfaMethodType, (method: MfaMethod) => View>> = {
  totp: totpView,
  duo: duoView,
  okta: oktaView,
  pingid: pingidView,
};

/** A method as it is read and listed (§5.2, §5.3): `name`, not `method_name`. */
export function methodView(method: MfaMethod): CommonMethodView & View {
  return {
    ...BY_TYPE[method.type]?.(method),
    type: method.type,
    id: method.id,
    name: method.name ?? '',
    namespace_id: 'root',
    namespace_path: '',
  };
}

function totpView(method: MfaMethod): View {
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
  };
}

function duoView(method: MfaMethod): View {
  const { apiHostname, pushInfo, usePasscode, usernameFormat } = duoConfigOf(method);
  return {
    api_hostname: apiHostname,
    pushinfo: pushInfo,
    mount_accessor: '',
    username_format: usernameFormat,
    use_passcode: usePasscode,
  };
}

function oktaView(method: MfaMethod): View {
  const { orgName, baseUrl, production, usernameFormat } = oktaConfigOf(method);
  return {
    org_name: orgName,
    ...(baseUrl === null ? { production } : { base_url: baseUrl }),
    mount_accessor: '',
    username_format: usernameFormat,
  };
}

function pingidView(method: MfaMethod): View {
  const { useSignature, idpUrl, orgAlias, adminUrl, authenticatorUrl } = pingidConfigOf(method);
  return {
    use_signature: useSignature,
    idp_url: idpUrl,
    org_alias: orgAlias,
    admin_url: adminUrl,
    authenticator_url: authenticatorUrl,
  };
}
