import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '@sallyport/audit';
import { AuthModule } from '@sallyport/auth';
import { IdentityModule } from '@sallyport/identity';
import { MfaMethodsModule } from '@sallyport/mfa-methods';
import { type PlatformFacts, PlatformModule } from '@sallyport/platform';
import { PrivilegesModule } from '@sallyport/privileges';
import { TokensModule } from '@sallyport/tokens';
import { AppgateDialect } from './appgate/appgate.dialect.js';
import { AppgateModule } from './appgate/appgate.module.js';
import { ForwardAuthDialect } from './gate/forward-auth/forward-auth.dialect.js';
import { GateModule } from './gate/gate.module.js';
import { OauthDialect } from './gate/oauth/oauth.dialect.js';
import { HttpModule } from './http/http.module.js';
import { OpsDialect } from './ops/ops.dialect.js';
import { OpsModule } from './ops/ops.module.js';
import { FirstStart } from './start/first-start.service.js';
import { PasswordAdvice } from './start/password-advice.service.js';
import { VaultDialect } from './vault/vault.dialect.js';
import { VaultModule } from './vault/vault.module.js';

/** The whole server: the core's modules, two dialects over them, and what others ask about tokens. */
@Module({})
export class AppModule {
  static register(facts: PlatformFacts): DynamicModule {
    return {
      module: AppModule,
      imports: [
        PlatformModule.register(facts),
        AuditModule,
        IdentityModule,
        MfaMethodsModule,
        TokensModule,
        PrivilegesModule,
        AuthModule,
        HttpModule.register({
          dialects: [AppgateDialect, VaultDialect, ForwardAuthDialect, OauthDialect, OpsDialect],
          imports: [AppgateModule, VaultModule, GateModule, OpsModule],
        }),
      ],
      providers: [FirstStart, PasswordAdvice],
      exports: [],
    };
  }
}
