import { Module } from '@nestjs/common';
import { AuthModule } from '@sallyport/auth';
import { IdentityModule } from '@sallyport/identity';
import { MfaMethodsModule } from '@sallyport/mfa-methods';
import { PrivilegesModule } from '@sallyport/privileges';
import { AdminMfaSettingsController } from './admin-mfa-settings/admin-mfa-settings.controller.js';
import { AdminMessagesController } from './admin-messages/admin-messages.controller.js';
import { AdministrativeRolesController } from './administrative-roles/administrative-roles.controller.js';
import { TypeTargetMapController } from './administrative-roles/type-target-map.controller.js';
import { ClaimsController } from './claims/claims.controller.js';
import { ConditionsController } from './conditions/conditions.controller.js';
import { CriteriaScriptsController } from './criteria-scripts/criteria-scripts.controller.js';
import { PoliciesController } from './policies/policies.controller.js';
import { UserScriptsController } from './user-scripts/user-scripts.controller.js';
import { AppgateDialect } from './appgate.dialect.js';
import { AuditEventsController } from './audit-events/audit-events.controller.js';
import { AuthenticationController } from './authentication/authentication.controller.js';
import { OtpController } from './authentication/otp.controller.js';
import { AuthorizationController } from './authorization/authorization.controller.js';
import { BlacklistController } from './blacklist/blacklist.controller.js';
import { ColorsController } from './colors/colors.controller.js';
import { Fido2DevicesController } from './fido2-devices/fido2-devices.controller.js';
import { GlobalSettingsController } from './global-settings/global-settings.controller.js';
import { IdentityProvidersController } from './identity-providers/identity-providers.controller.js';
import { ProviderTrialController } from './identity-providers/provider-trial.controller.js';
import { ProviderNamesController } from './identity-providers/provider-names.controller.js';
import { LocalUsersController } from './local-users/local-users.controller.js';
import { IpPoolsController } from './ip-pools/ip-pools.controller.js';
import { LicenseController } from './license/license.controller.js';
import { MfaProvidersController } from './mfa-providers/mfa-providers.controller.js';
import { MyAccountController } from './my-account/my-account.controller.js';
import { MyAuthenticatorsController } from './my-account/my-authenticators.controller.js';
import { MyNoticesController } from './my-account/my-notices.controller.js';
import { MySessionsController } from './my-account/my-sessions.controller.js';
import { MyPreferencesController } from './my-preferences/my-preferences.controller.js';
import { OnBoardedDevicesController } from './on-boarded-devices/on-boarded-devices.controller.js';
import { OtpSeedsController } from './otp-seeds/otp-seeds.controller.js';
import { ServiceUsersController } from './service-users/service-users.controller.js';
import { SessionInfoController } from './session-info/session-info.controller.js';
import { StatsController } from './stats/stats.controller.js';
import { TagsController } from './tags/tags.controller.js';
import { TokenRecordsController } from './token-records/token-records.controller.js';
import { ActivationsController } from './user-support/activations.controller.js';
import { UserSupportController } from './user-support/user-support.controller.js';
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
    GlobalSettingsController,
    OnBoardedDevicesController,
    BlacklistController,
    ServiceUsersController,
    MfaProvidersController,
    SessionInfoController,
    StatsController,
    LicenseController,
    IpPoolsController,
    TokenRecordsController,
    Fido2DevicesController,
    MyPreferencesController,
    TagsController,
    ColorsController,
    ProviderTrialController,
    IdentityProvidersController,
    TypeTargetMapController,
    AdministrativeRolesController,
    PoliciesController,
    CriteriaScriptsController,
    UserScriptsController,
    ConditionsController,
    ClaimsController,
    AdminMessagesController,
    AuditEventsController,
    MyAccountController,
    MySessionsController,
    MyAuthenticatorsController,
    MyNoticesController,
    UserSupportController,
    ActivationsController,
  ],
  providers: [AppgateDialect],
  exports: [AppgateDialect],
})
export class AppgateModule {}
