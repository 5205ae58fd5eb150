import { Module } from '@nestjs/common';
import { IdentityModule } from '@sallyport/identity';
import { MfaMethodsModule } from '@sallyport/mfa-methods';
import { PrivilegesModule } from '@sallyport/privileges';
import { TokensModule } from '@sallyport/tokens';
import { AdmissionService } from './bearers/admission.service.js';
import { LiveTokensService } from './bearers/live-tokens.service.js';
import { TokenInspectionService } from './bearers/token-inspection.service.js';
import { BlacklistService } from './blacklist/blacklist.service.js';
import { DeviceDirectoryService } from './devices/device-directory.service.js';
import { DeviceRevocationService } from './devices/device-revocation.service.js';
import { EverybodyRevocationService } from './devices/everybody-revocation.service.js';
import { SelfEnrollmentService } from './enrolment/self-enrollment.service.js';
import { SelfResetService } from './enrolment/self-reset.service.js';
import { FirstFactorService } from './first-factor/first-factor.service.js';
import { LockedUsersService } from './first-factor/locked-users.service.js';
import { PasswordThrottleService } from './first-factor/password-throttle.service.js';
import { RefusedPasswordsService } from './first-factor/refused-passwords.service.js';
import { SignInLine } from './first-factor/sign-in-line.js';
import { StoppedPasswordsService } from './first-factor/stopped-passwords.service.js';
import { AllTokensService } from './recovery/all-tokens.service.js';
import { RestoreService } from './recovery/restore.service.js';
import { RequirementService } from './requirement/requirement.service.js';
import { EntityMergeService } from './merge/entity-merge.service.js';
import { MfaProvidersService } from './mfa-providers/mfa-providers.service.js';
import { ProviderScopeService } from './scope/provider-scope.service.js';
import { SecondFactorService } from './second-factor/second-factor.service.js';
import { AliasedPersonService } from './service-tokens/aliased-person.service.js';
import { ServiceTokenCreationService } from './service-tokens/service-token-creation.service.js';
import { SeedDirectoryService } from './seeds/seed-directory.service.js';
import { SessionDirectoryService } from './sessions/session-directory.service.js';
import { StatisticsService } from './sessions/statistics.service.js';
import { ActivationCodesService } from './activation/activation-codes.service.js';
import { FreshProofService } from './self-service/fresh-proof.service.js';
import { HeldSessionsService } from './self-service/held-sessions.service.js';
import { OwnAuthenticatorsService } from './self-service/own-authenticators.service.js';
import { OwnPasswordService } from './self-service/own-password.service.js';
import { OwnProfileService } from './self-service/own-profile.service.js';
import { StepUpService } from './self-service/step-up.service.js';
import { UserSupportService } from './user-support/user-support.service.js';
import { AdminFactorService } from './sign-in/admin-factor.service.js';
import { AdminSessionsService } from './sign-in/admin-sessions.service.js';
import { AdminSignInService } from './sign-in/admin-sign-in.service.js';
import { AdminTokensService } from './sign-in/admin-tokens.service.js';
import { FactorResetService } from './sign-in/factor-reset.service.js';
import { FinishService } from './sign-in/finish.service.js';
import { PendingSignIns } from './sign-in/pending-sign-ins.service.js';
import { ServiceFinishService } from './sign-in/service-finish.service.js';
import { ServiceLoginService } from './sign-in/service-login.service.js';
import { ServiceRenewalService } from './sign-in/service-renewal.service.js';
import { ServiceTokensService } from './sign-in/service-tokens.service.js';
import { ServiceValidationService } from './sign-in/service-validation.service.js';
import { SignInRefusalsService } from './sign-in/sign-in-refusals.service.js';
import { SignInRows } from './sign-in/sign-in-rows.js';
import { SweeperService } from './sign-in/sweeper.service.js';

const services = [
  AdminSignInService,
  AdminFactorService,
  AdminSessionsService,
  ServiceLoginService,
  ServiceValidationService,
  ServiceRenewalService,
  ServiceTokenCreationService,
  RequirementService,
  FactorResetService,
  EntityMergeService,
  SelfEnrollmentService,
  SelfResetService,
  SeedDirectoryService,
  DeviceDirectoryService,
  DeviceRevocationService,
  EverybodyRevocationService,
  LockedUsersService,
  BlacklistService,
  ProviderScopeService,
  MfaProvidersService,
  SessionDirectoryService,
  StatisticsService,
  AllTokensService,
  RestoreService,
  ActivationCodesService,
  FreshProofService,
  HeldSessionsService,
  OwnAuthenticatorsService,
  OwnPasswordService,
  OwnProfileService,
  StepUpService,
  UserSupportService,
  LiveTokensService,
  AdmissionService,
  TokenInspectionService,
];

/** Conducts a sign-in: first factor, what is owed, second factors, token. */
@Module({
  imports: [IdentityModule, MfaMethodsModule, TokensModule, PrivilegesModule],
  providers: [
    ...services,
    FirstFactorService,
    PasswordThrottleService,
    RefusedPasswordsService,
    StoppedPasswordsService,
    SignInLine,
    SecondFactorService,
    SignInRows,
    AdminTokensService,
    FinishService,
    PendingSignIns,
    ServiceFinishService,
    SignInRefusalsService,
    ServiceTokensService,
    AliasedPersonService,
    SweeperService,
  ],
  exports: services,
})
export class AuthModule {}
