import { Foundation1763700000000 } from './1763700000000-foundation.js';
import { PoliciesScriptsMessages1763700000010 } from './1763700000010-policies-scripts-messages.js';
import { SettingsDevicesProviders1763700000020 } from './1763700000020-settings-devices-providers.js';
import { FactorChallenges1763700000030 } from './1763700000030-factor-challenges.js';
import { PagesOfLocalUsers1763700000050 } from './1763700000050-pages-of-local-users.js';
import { DevicesInPlace1763700000051 } from './1763700000051-devices-in-place.js';

/** All migrations in their order. A released one is never edited. */
export const migrations = [
  Foundation1763700000000,
  PoliciesScriptsMessages1763700000010,
  SettingsDevicesProviders1763700000020,
  FactorChallenges1763700000030,
  PagesOfLocalUsers1763700000050,
  DevicesInPlace1763700000051,
];
