import { Module } from '@nestjs/common';
import { AuthModule } from '@sallyport/auth';
import { IdentityModule } from '@sallyport/identity';
import { MfaMethodsModule } from '@sallyport/mfa-methods';
import { PrivilegesModule } from '@sallyport/privileges';
import { TokensModule } from '@sallyport/tokens';
import { EntitiesController } from './identity-entity/entities.controller.js';
import { EntityAliasesController } from './identity-entity/entity-aliases.controller.js';
import { EntityReader } from './identity-entity/entity-reader.js';
import { EntitySetsController } from './identity-entity/entity-sets.controller.js';
import { GroupAliasesController } from './identity-group/group-aliases.controller.js';
import { GroupsController } from './identity-group/groups.controller.js';
import { LookupController } from './identity-lookup/lookup.controller.js';
import { DuoMethodsController } from './identity-mfa/duo-methods.controller.js';
import { MfaMethodsController } from './identity-mfa/mfa-methods.controller.js';
import { SelfEnrollController } from './identity-mfa/self-enroll.controller.js';
import { SelfResetController } from './identity-mfa/self-reset.controller.js';
import { OktaMethodsController } from './identity-mfa/okta-methods.controller.js';
import { PingidMethodsController } from './identity-mfa/pingid-methods.controller.js';
import { TotpKeysController } from './identity-mfa/totp-keys.controller.js';
import { TotpMethodsController } from './identity-mfa/totp-methods.controller.js';
import { AdminMfaEnforcement } from './login-enforcement/admin-mfa-enforcement.js';
import { EnforcementsController } from './login-enforcement/enforcements.controller.js';
import { CapabilitiesController } from './sys-capabilities/capabilities.controller.js';
import { AclPoliciesController } from './sys-policies/acl-policies.controller.js';
import { OlderPoliciesController } from './sys-policies/older-policies.controller.js';
import { PolicyAdministration } from './sys-policies/policy-administration.js';
import { MountReader } from './sys-auth/mount-reader.js';
import { MountTuner } from './sys-auth/mount-tuner.js';
import { SecretMountsController } from './sys-auth/secret-mounts.controller.js';
import { SysAuthController } from './sys-auth/sys-auth.controller.js';
import { AuthTuneController, MountsTuneController } from './sys-auth/tune.controller.js';
import { InternalUiController } from './sys-internal-ui/internal-ui.controller.js';
import { LockedUsersController } from './sys-locked-users/locked-users.controller.js';
import { RemountController } from './sys-remount/remount.controller.js';
import { ValidateController } from './sys-mfa/validate.controller.js';
import { StatusController } from './sys-status/status.controller.js';
import { TokenCreationController } from './token/token-creation.controller.js';
import { TokenRolesController } from './token/token-roles.controller.js';
import { TokenStanding } from './token/token-standing.js';
import { TokenSubjectsController } from './token/token-subjects.controller.js';
import { TokensController } from './token/tokens.controller.js';
import { LoginController } from './userpass/login.controller.js';
import { UserpassMountGuard } from './userpass/userpass-mount.guard.js';
import { UsersController } from './userpass/users.controller.js';
import { VaultDialect } from './vault.dialect.js';
import { MountsOnPath } from './wire/mounts-on-path.js';
import { ObjectExistence } from './wire/object-existence.js';

/** The dialect `/v1`: HashiCorp Vault's API as far as login MFA and its administration need it (contract vault.md). */
@Module({
  imports: [AuthModule, IdentityModule, MfaMethodsModule, PrivilegesModule, TokensModule],
  controllers: [
    LoginController,
    ValidateController,
    TokensController,
    TokenSubjectsController,
    TokenCreationController,
    TokenRolesController,
    UsersController,
    TotpMethodsController,
    DuoMethodsController,
    OktaMethodsController,
    PingidMethodsController,
    TotpKeysController,
    SelfEnrollController,
    SelfResetController,
    MfaMethodsController,
    EnforcementsController,
    EntitiesController,
    EntityAliasesController,
    EntitySetsController,
    GroupsController,
    GroupAliasesController,
    LookupController,
    AclPoliciesController,
    OlderPoliciesController,
    CapabilitiesController,
    SysAuthController,
    SecretMountsController,
    AuthTuneController,
    MountsTuneController,
    RemountController,
    LockedUsersController,
    InternalUiController,
    StatusController,
  ],
  providers: [
    VaultDialect,
    TokenStanding,
    MountsOnPath,
    ObjectExistence,
    PolicyAdministration,
    MountReader,
    MountTuner,
    UserpassMountGuard,
    EntityReader,
    AdminMfaEnforcement,
  ],
  exports: [VaultDialect],
})
export class VaultModule {}
