import { Global, Module } from '@nestjs/common';
import { Config } from '@sallyport/platform';
import { DevicesService } from './devices/devices.service.js';
import { EntitiesService } from './entities/entities.service.js';
import { EntityAliasesService } from './entities/entity-aliases.service.js';
import { EntityDirectoryService } from './entities/entity-directory.service.js';
import { EntityMerger } from './entities/entity-merger.service.js';
import { FactorHistory } from './history/factor-history.service.js';
import { NoticesService } from './history/notices.service.js';
import { GroupAliasesService, GroupsService } from './groups/index.js';
import { LocalUsersService } from './local-users/local-users.service.js';
import { NewCredential } from './local-users/new-credential.js';
import { AuthMountsService } from './mounts/auth-mounts.service.js';
import { MountTuningService } from './mounts/mount-tuning.service.js';
import { HashThreads } from './passwords/hash-threads.js';
import { BreachedList, HashQueue } from './passwords/index.js';
import { PeopleService } from './people/people.service.js';
import { PreferencesService } from './preferences/preferences.service.js';
import { IdentityProvidersService } from './providers/identity-providers.service.js';
import { GlobalSettingsService } from './settings/global-settings.service.js';
import { TagsService } from './tags/tags.service.js';
import { IdentityFactsService } from './templates/index.js';

const services = [
  PeopleService,
  LocalUsersService,
  NewCredential,
  IdentityProvidersService,
  AuthMountsService,
  MountTuningService,
  EntitiesService,
  EntityAliasesService,
  EntityDirectoryService,
  EntityMerger,
  GlobalSettingsService,
  DevicesService,
  PreferencesService,
  TagsService,
  IdentityFactsService,
  GroupsService,
  GroupAliasesService,
  FactorHistory,
  NoticesService,
  HashQueue,
];

/** People, their accounts and where they sign in. */
@Global()
@Module({
  providers: [
    ...services,
    HashThreads,
    {
      provide: BreachedList,
      inject: [Config],
      useFactory: (config: Config) => new BreachedList(config.breachedPasswordsFile),
    },
  ],
  exports: [...services, BreachedList],
})
export class IdentityModule {}
