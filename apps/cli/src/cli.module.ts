import { type DynamicModule, Module } from '@nestjs/common';
import { AuditModule } from '@sallyport/audit';
import { AuthModule } from '@sallyport/auth';
import { IdentityModule } from '@sallyport/identity';
import { MfaMethodsModule } from '@sallyport/mfa-methods';
import { type PlatformFacts, PlatformModule } from '@sallyport/platform';
import { TokensModule } from '@sallyport/tokens';
import { AuditCommands } from './commands/audit-commands.js';
import { KeyCommands } from './commands/key-commands.js';
import { LostRowsService } from './commands/lost-rows.service.js';
import { PeopleCommands } from './commands/people-commands.js';
import { RecoveryCommands } from './commands/recovery-commands.js';

/** The operator's console: the core's modules without a wire. */
@Module({})
export class CliModule {
  static register(facts: PlatformFacts): DynamicModule {
    return {
      module: CliModule,
      imports: [
        PlatformModule.register(facts),
        AuditModule,
        IdentityModule,
        MfaMethodsModule,
        TokensModule,
        AuthModule,
      ],
      providers: [PeopleCommands, KeyCommands, RecoveryCommands, AuditCommands, LostRowsService],
    };
  }
}
