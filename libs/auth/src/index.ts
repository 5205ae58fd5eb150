export * from './auth.module.js';
export * from './first-factor/password-waits.js';
export * from './first-factor/source-network.js';
export * from './requirement/requirement.service.js';
export {
  type Credential,
  type CredentialFor,
  type MethodRefusal,
  type Unsatisfied,
} from './second-factor/second-factor.service.js';
export * from './seeds/seed-directory.service.js';
export * from './sign-in/admin-factor.service.js';
export * from './sign-in/admin-session.js';
export * from './sign-in/admin-sessions.service.js';
export * from './sign-in/admin-sign-in.service.js';
export * from './sign-in/factor-reset.service.js';
export * from './sign-in/service-login.service.js';
export * from './sign-in/service-renewal.service.js';
export { isWithin } from './sign-in/service-tokens.service.js';
