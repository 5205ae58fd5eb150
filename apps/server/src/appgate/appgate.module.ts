import { Module } from '@nestjs/common';
import { AuthModule } from '@sallyport/auth';
import { IdentityModule } from '@sallyport/identity';
import { MfaMethodsModule } from '@sallyport/mfa-methods';
import { PrivilegesModule } from '@sallyport/privileges';
import { AdminMfaSettingsController } from './admin-mfa-settings/admin-mfa-settings.controller.js';
import { AppgateDialect } from './appgate.dialect.js';
import { AuthenticationController } from './authentication/authentication.controller.js';
import { OtpController } from './authentication/otp.controller.js';
import { AuthorizationController } from './authorization/authorization.controller.js';
import { ProviderNamesController } from './identity-providers/provider-names.controller.js';
import { LocalUsersController } from './local-users/local-users.controller.js';
import { OtpSeedsController } from './otp-seeds/otp-seeds.controller.js';
import { VersionController } from './version/version.controller.js';

/** The dialect `/admin`. */
@Module({
  imports: [AuthModule, IdentityModule, MfaMethodsModule, PrivilegesModule],
  controllers: [
    VersionController,
    ProviderNamesController,
    AuthenticationController,
    OtpController,
    AuthorizationController,
    AdminMfaSettingsController,
    OtpSeedsController,
    LocalUsersController,
  ],
  providers: [AppgateDialect],
  exports: [AppgateDialect],
})
export class AppgateModule {}
