import { Module } from '@nestjs/common';
import { IdentityModule } from '@sallyport/identity';
import { ChallengesService } from './challenges/challenges.service.js';
import { PushesService } from './challenges/pushes.service.js';
import { DuoApiService } from './duo/duo-api.service.js';
import { DuoService } from './duo/duo.service.js';
import { AdminMfaSettingsService } from './enforcement/admin-mfa-settings.service.js';
import { LoginEnforcementsService } from './enforcement/login-enforcements.service.js';
import { EnrolmentWindowService } from './enrolment-window/enrolment-window.service.js';
import { FACTOR_TYPES, type FactorType } from './factor.js';
import { FactorsService } from './factors.service.js';
import { MfaMethodsService } from './mfa-methods.service.js';
import { OktaApiService } from './okta/okta-api.service.js';
import { OktaService } from './okta/okta.service.js';
import { PingidApiService } from './pingid/pingid-api.service.js';
import { PingidService } from './pingid/pingid.service.js';
import { RadiusClientService } from './radius/radius-client.service.js';
import { RadiusJudgeService } from './radius/radius-judge.service.js';
import { RadiusProbeService } from './radius/radius-probe.service.js';
import { RadiusSecretsService } from './radius/radius-secrets.service.js';
import { RadiusService } from './radius/radius.service.js';
import { FactorRefusalsService } from './throttle/factor-refusals.service.js';
import { FactorThrottleService } from './throttle/factor-throttle.service.js';
import { SuspicionService } from './throttle/suspicion.service.js';
import { AuthenticatorsService } from './totp/authenticators.service.js';
import { TotpEnrollmentsService } from './totp/totp-enrollments.service.js';
import { TotpKeysService } from './totp/totp-keys.service.js';
import { TotpResetsService } from './totp/totp-resets.service.js';
import { TotpService } from './totp/totp.service.js';
import { TotpTransferService } from './totp/totp-transfer.service.js';
import { PersonNameService } from './vendor/person-name.service.js';
import { PushPatience } from './vendor/push-patience.js';
import { VendorJudgeService } from './vendor/vendor-judge.service.js';
import { VendorSecretsService } from './vendor/vendor-secrets.service.js';

const services = [
  MfaMethodsService,
  LoginEnforcementsService,
  AdminMfaSettingsService,
  EnrolmentWindowService,
  TotpEnrollmentsService,
  AuthenticatorsService,
  TotpResetsService,
  TotpKeysService,
  TotpTransferService,
  FactorsService,
  FactorRefusalsService,
  RadiusProbeService,
];

/** The ways to prove a second factor, and who owes them. */
@Module({
  imports: [IdentityModule],
  providers: [
    ...services,
    FactorThrottleService,
    SuspicionService,
    TotpService,
    ChallengesService,
    PushesService,
    RadiusClientService,
    RadiusJudgeService,
    RadiusSecretsService,
    RadiusService,
    PersonNameService,
    PushPatience,
    VendorJudgeService,
    VendorSecretsService,
    DuoApiService,
    DuoService,
    OktaApiService,
    OktaService,
    PingidApiService,
    PingidService,
    // A new type of method is one more entry here.
    {
      provide: FACTOR_TYPES,
      inject: [TotpService, RadiusService, DuoService, OktaService, PingidService],
      useFactory: (...types: FactorType[]) => types,
    },
  ],
  exports: services,
})
export class MfaMethodsModule {}
