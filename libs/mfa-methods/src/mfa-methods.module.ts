import { Module } from '@nestjs/common';
import { IdentityModule } from '@sallyport/identity';
import { AdminMfaSettingsService } from './enforcement/admin-mfa-settings.service.js';
import { LoginEnforcementsService } from './enforcement/login-enforcements.service.js';
import { FACTOR_TYPES } from './factor.js';
import { FactorsService } from './factors.service.js';
import { MfaMethodsService } from './mfa-methods.service.js';
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
];

/** The ways to prove a second factor, and who owes them. */
@Module({
  imports: [IdentityModule],
  providers: [
    ...services,
    FactorThrottleService,
    TotpService,
    // A new type of method is one more entry here.
    { provide: FACTOR_TYPES, inject: [TotpService], useFactory: (totp: TotpService) => [totp] },
  ],
  exports: services,
})
export class MfaMethodsModule {}
