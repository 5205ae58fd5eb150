export { ActivationCodesService } from './activation/activation-codes.service.js';
export * from './auth.module.js';
export * from './bearers/admission.service.js';
export * from './bearers/live-token.js';
export * from './bearers/live-tokens.service.js';
export * from './bearers/token-inspection.service.js';
export * from './blacklist/blacklist.service.js';
export * from './devices/device-directory.service.js';
export * from './devices/device-filter.js';
export * from './devices/device-revocation.service.js';
export type { DeviceAndUser, RegisteredDevice } from './devices/device-rows.js';
export type * from './devices/revocation.js';
export * from './enrolment/self-enrollment.service.js';
export * from './enrolment/self-reset.service.js';
export * from './first-factor/locked-users.service.js';
export * from './first-factor/password-waits.js';
export * from './merge/entity-merge.service.js';
export * from './mfa-providers/mfa-provider-collection.js';
export * from './mfa-providers/mfa-providers.service.js';
export * from './recovery/all-tokens.service.js';
export * from './recovery/restore.service.js';
export * from './requirement/requirement.service.js';
export {
  type Credential,
  type CredentialFor,
  type MethodRefusal,
  type Unsatisfied,
} from './second-factor/second-factor.service.js';
export * from './service-tokens/service-token-creation.service.js';
export * from './seeds/seed-directory.service.js';
export { FreshProofService } from './self-service/fresh-proof.service.js';
export { HeldSessionsService } from './self-service/held-sessions.service.js';
export { OwnAuthenticatorsService } from './self-service/own-authenticators.service.js';
export { OwnPasswordService } from './self-service/own-password.service.js';
export { OwnProfileService } from './self-service/own-profile.service.js';
export { StepUpService } from './self-service/step-up.service.js';
export { UserSupportService } from './user-support/user-support.service.js';
export { ProviderScopeService } from './scope/provider-scope.service.js';
export * from './sessions/session-directory.service.js';
export * from './sessions/statistics.service.js';
export * from './sign-in/admin-factor.service.js';
export * from './sign-in/admin-session.js';
export * from './sign-in/admin-sessions.service.js';
export * from './sign-in/admin-sign-in.service.js';
export * from './sign-in/factor-reset.service.js';
export * from './sign-in/service-login.service.js';
export * from './sign-in/service-validation.service.js';
export * from './sign-in/service-renewal.service.js';
