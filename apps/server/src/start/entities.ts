import { Account, AuthMount, IdentityProvider, LocalUser, Principal } from '@sallyport/identity';
import { LoginEnforcement, MfaMethod, TotpEnrollment } from '@sallyport/mfa-methods';
import { AdministrativeRole, Policy } from '@sallyport/privileges';

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
];
