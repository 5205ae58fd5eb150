import { Module } from '@nestjs/common';
import { IdentityModule } from '@sallyport/identity';
import { AclAuthority } from './acl/acl-authority.service.js';
import { AclPoliciesService } from './acl/acl-policies.service.js';
import { AclService } from './acl/acl.service.js';
import { CompiledPoliciesService } from './acl/compiled-policies.service.js';
import { DenialsService } from './authority/denials.service.js';
import { ExemptionService } from './authority/exemption.service.js';
import { FilledTemplatesService } from './authority/filled-templates.service.js';
import { VaultAuthorityService } from './authority/vault-authority.service.js';
import { WaitingLoginService } from './authority/waiting-login.service.js';
import { DecisionsService } from './decisions.service.js';
import { EffectivePrivilegesService } from './effective-privileges.service.js';
import { EntityAdministration } from './entities/entity-administration.service.js';
import { GroupAdministration } from './groups/group-administration.service.js';
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
import { LocalUserAdministration } from './users/local-user-administration.service.js';
import { MountUsersService } from './users/mount-users.service.js';

/** Answers "may they?". */
@Module({
  imports: [IdentityModule],
  providers: [
    CompiledPoliciesService,
    AclService,
    AclAuthority,
    AclPoliciesService,
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
    LocalUserAdministration,
    MountUsersService,
    EntityAdministration,
    GroupAdministration,
    VaultAuthorityService,
    WaitingLoginService,
    FilledTemplatesService,
    DenialsService,
    ExemptionService,
  ],
  exports: [
    AclService,
    AclAuthority,
    AclPoliciesService,
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
    LocalUserAdministration,
    MountUsersService,
    EntityAdministration,
    GroupAdministration,
    VaultAuthorityService,
    WaitingLoginService,
    FilledTemplatesService,
    DenialsService,
    ExemptionService,
  ],
})
export class PrivilegesModule {}
