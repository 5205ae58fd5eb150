import { Foundation1763700000000 } from './1763700000000-foundation.js';
import { PoliciesScriptsMessages1763700000010 } from './1763700000010-policies-scripts-messages.js';
import { SettingsDevicesProviders1763700000020 } from './1763700000020-settings-devices-providers.js';
import { FactorChallenges1763700000030 } from './1763700000030-factor-challenges.js';
import { PagesOfLocalUsers1763700000050 } from './1763700000050-pages-of-local-users.js';
import { DevicesInPlace1763700000051 } from './1763700000051-devices-in-place.js';
import { AclPolicies1763800000010 } from './1763800000010-acl-policies.js';
import { TokenRoles1763800000020 } from './1763800000020-token-roles.js';
import { IdentityGroups1763800000030 } from './1763800000030-identity-groups.js';
import { VendorSecrets1763800000040 } from './1763800000040-vendor-secrets.js';
import { Enrolment1763800000050 } from './1763800000050-enrolment.js';
import { AdminEpoch1763800000060 } from './1763800000060-admin-epoch.js';
import { MountTuning1763800000070 } from './1763800000070-mount-tuning.js';
import { KnownNetworks1763900000010 } from './1763900000010-known-networks.js';
import { AuditChain1763900000020 } from './1763900000020-audit-chain.js';
import { KeyRotation1763900000030 } from './1763900000030-key-rotation.js';
import { SelfService1763900000040 } from './1763900000040-self-service.js';
import { DatabaseRoles1764000000010 } from './1764000000010-database-roles.js';
import { FreshAuditRows1764000000020 } from './1764000000020-fresh-audit-rows.js';
import { HeldTags1764100000010 } from './1764100000010-held-tags.js';

/** All migrations in their order. A released one is never edited. */
export const migrations = [
  Foundation1763700000000,
  PoliciesScriptsMessages1763700000010,
  SettingsDevicesProviders1763700000020,
  FactorChallenges1763700000030,
  PagesOfLocalUsers1763700000050,
  DevicesInPlace1763700000051,
  AclPolicies1763800000010,
  TokenRoles1763800000020,
  IdentityGroups1763800000030,
  VendorSecrets1763800000040,
  Enrolment1763800000050,
  AdminEpoch1763800000060,
  MountTuning1763800000070,
  KnownNetworks1763900000010,
  AuditChain1763900000020,
  KeyRotation1763900000030,
  SelfService1763900000040,
  DatabaseRoles1764000000010,
  FreshAuditRows1764000000020,
  HeldTags1764100000010,
];
