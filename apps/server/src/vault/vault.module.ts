import { Module } from '@nestjs/common';
import { AuthModule } from '@sallyport/auth';
import { IdentityModule } from '@sallyport/identity';
import { MfaMethodsModule } from '@sallyport/mfa-methods';
import { PrivilegesModule } from '@sallyport/privileges';
import { TokensModule } from '@sallyport/tokens';
import { EntitiesController } from './identity-entity/entities.controller.js';
import { EntityAliasesController } from './identity-entity/entity-aliases.controller.js';
import { EntityReader } from './identity-entity/entity-reader.js';
import { MfaMethodsController } from './identity-mfa/mfa-methods.controller.js';
import { TotpKeysController } from './identity-mfa/totp-keys.controller.js';
import { TotpMethodsController } from './identity-mfa/totp-methods.controller.js';
import { AdminMfaEnforcement } from './login-enforcement/admin-mfa-enforcement.js';
import { EnforcementsController } from './login-enforcement/enforcements.controller.js';
import { SysAuthController } from './sys-auth/sys-auth.controller.js';
import { ValidateController } from './sys-mfa/validate.controller.js';
import { StatusController } from './sys-status/status.controller.js';
import { TokensController } from './token/tokens.controller.js';
import { LoginController } from './userpass/login.controller.js';
import { UserpassMountGuard } from './userpass/userpass-mount.guard.js';
import { UsersController } from './userpass/users.controller.js';
import { VaultDialect } from './vault.dialect.js';
import { MountsOnPath } from './wire/mounts-on-path.js';

/** The dialect `/v1`: HashiCorp Vault's API as far as login MFA and its administration need it (contract vault.md). */
@Module({
  imports: [AuthModule, IdentityModule, MfaMethodsModule, PrivilegesModule, TokensModule],
  controllers: [
    LoginController,
    ValidateController,
    TokensController,
    UsersController,
    TotpMethodsController,
    TotpKeysController,
    MfaMethodsController,
    EnforcementsController,
    EntitiesController,
    EntityAliasesController,
    SysAuthController,
    StatusController,
  ],
  providers: [VaultDialect, MountsOnPath, UserpassMountGuard, EntityReader, AdminMfaEnforcement],
  exports: [VaultDialect],
})
export class VaultModule {}
