import { Module } from '@nestjs/common';
import { IdentityModule } from '@sallyport/identity';
import { ChallengesService } from './challenges/challenges.service.js';
import { PushesService } from './challenges/pushes.service.js';
import { AdminMfaSettingsService } from './enforcement/admin-mfa-settings.service.js';
import { LoginEnforcementsService } from './enforcement/login-enforcements.service.js';
import { FACTOR_TYPES, type FactorType } from './factor.js';
import { FactorsService } from './factors.service.js';
import { MfaMethodsService } from './mfa-methods.service.js';
import { RadiusClientService } from './radius/radius-client.service.js';
import { RadiusJudgeService } from './radius/radius-judge.service.js';
import { RadiusProbeService } from './radius/radius-probe.service.js';
import { RadiusSecretsService } from './radius/radius-secrets.service.js';
import { RadiusService } from './radius/radius.service.js';
import { FactorThrottleService } from './throttle/factor-throttle.service.js';
import { TotpEnrollmentsService } from './totp/totp-enrollments.service.js';
import { TotpKeysService } from './totp/totp-keys.service.js';
import { TotpService } from './totp/totp.service.js';

const services = [
  MfaMethodsService,
  LoginEnforcementsService,
  AdminMfaSettingsService,
  TotpEnrollmentsService,
  TotpKeysService,
  FactorsService,
  RadiusProbeService,
];

/** The ways to prove a second factor, and who owes them. */
@Module({
  imports: [IdentityModule],
  providers: [
    ...services,
    FactorThrottleService,
    TotpService,
    ChallengesService,
    PushesService,
    RadiusClientService,
    RadiusJudgeService,
    RadiusSecretsService,
    RadiusService,
    // A new type of method is one more entry here.
    {
      provide: FACTOR_TYPES,
      inject: [TotpService, RadiusService],
      useFactory: (...types: FactorType[]) => types,
    },
  ],
  exports: services,
})
export class MfaMethodsModule {}
