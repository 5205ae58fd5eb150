import { Module } from '@nestjs/common';
import { IdentityModule } from '@sallyport/identity';
import { EffectivePrivilegesService } from './effective-privileges.service.js';
import { ExpressionSandbox } from './expression/index.js';
import { LastAdministratorService } from './last-administrator.service.js';
import { UserAdministrationService } from './users/user-administration.service.js';
import { UserDirectoryService } from './users/user-directory.service.js';

/** Answers "may they?". */
@Module({
  imports: [IdentityModule],
  providers: [
    ExpressionSandbox,
    EffectivePrivilegesService,
    LastAdministratorService,
    UserAdministrationService,
    UserDirectoryService,
  ],
  exports: [
    ExpressionSandbox,
    EffectivePrivilegesService,
    LastAdministratorService,
    UserAdministrationService,
    UserDirectoryService,
  ],
})
export class PrivilegesModule {}
