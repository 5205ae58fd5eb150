export interface PrivilegeScope {
  all: boolean;
  ids: string[];
  tags: string[];
}

/** What its holder may do: a type of act on a target, within a scope (contract appgate.md §3.1). */
export interface AdministrativePrivilege {
  type: string;
  target: string;
  scope?: PrivilegeScope;
  defaultTags?: string[];
  functions?: string[];
}

/** What makes an object lie in a scope. For user-bound objects: the id and tags of the user's identity provider. */
export interface ScopedObject {
  id: string;
  tags: string[];
}

/** Targets whose objects belong to a user: they are matched by its identity provider, under target All too (§3.4). */
const USER_BOUND = [
  'OtpSeed',
  'Fido2Device',
  'Blacklist',
  'RegisteredDevice',
  'SessionInfo',
  'UserLicense',
  'AllocatedIp',
];

/** Whether scopes of this target speak of identity providers. */
export function isUserBound(target: string): boolean {
  return USER_BOUND.includes(target);
}
