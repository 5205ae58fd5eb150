import { Account, AuthMount, IdentityProvider, LocalUser, Principal, ServiceUser } from '@sallyport/identity';
import { LoginEnforcement, MfaMethod, MfaProvider, TotpEnrollment } from '@sallyport/mfa-methods';
import { AdministrativeRole, CriteriaScript, Policy, UserScript } from '@sallyport/privileges';
import { TokenRole } from '@sallyport/tokens';

/** Every TypeORM entity of the house. */
export const ENTITIES = [
  Principal,
  Account,
  IdentityProvider,
  AuthMount,
  LocalUser,
  MfaMethod,
  TotpEnrollment,
  LoginEnforcement,
  AdministrativeRole,
  Policy,
  CriteriaScript,
  UserScript,
  ServiceUser,
  MfaProvider,
  TokenRole,
];
