import { Module } from '@nestjs/common';
import { IdentityModule } from '@sallyport/identity';
import { DecisionsService } from './decisions.service.js';
import { EffectivePrivilegesService } from './effective-privileges.service.js';
import { ExpressionSandbox } from './expression/index.js';
import { ExpressionTrialService } from './expression-trial.service.js';
import { IpPoolsService } from './ip-pools/ip-pools.service.js';
import { LastAdministratorService } from './last-administrator.service.js';
import { AdminMessagesService } from './messages/admin-messages.service.js';
import { FailuresService } from './messages/failures.service.js';
import { ObjectsService } from './objects/objects.service.js';
import { ClaimNamesService } from './policies/claim-names.service.js';
import { ProviderAdministrationService } from './providers/provider-administration.service.js';
import { UserAttributesService } from './providers/user-attributes.service.js';
import { ServiceUsersService } from './service-users/service-users.service.js';
import { UserAdministrationService } from './users/user-administration.service.js';
import { UserDirectoryService } from './users/user-directory.service.js';

/** Answers "may they?". */
@Module({
  imports: [IdentityModule],
  providers: [
    DecisionsService,
    FailuresService,
    AdminMessagesService,
    ClaimNamesService,
    ExpressionTrialService,
    ExpressionSandbox,
    EffectivePrivilegesService,
    LastAdministratorService,
    ObjectsService,
    IpPoolsService,
    ProviderAdministrationService,
    UserAttributesService,
    ServiceUsersService,
    UserAdministrationService,
    UserDirectoryService,
  ],
  exports: [
    AdminMessagesService,
    ClaimNamesService,
    ExpressionTrialService,
    ExpressionSandbox,
    EffectivePrivilegesService,
    LastAdministratorService,
    ObjectsService,
    IpPoolsService,
    ProviderAdministrationService,
    UserAttributesService,
    ServiceUsersService,
    UserAdministrationService,
    UserDirectoryService,
  ],
})
export class PrivilegesModule {}
