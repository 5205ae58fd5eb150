/** What a role may do with a table at most. No TRUNCATE, REFERENCES or TRIGGER: nothing of the server's needs them. */
export type TablePrivilege = 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE';

const READ = ['SELECT'] as const;
const ADD = ['SELECT', 'INSERT'] as const;
const CHANGE = ['SELECT', 'UPDATE'] as const;
const KEEP = ['SELECT', 'INSERT', 'UPDATE'] as const;
const TAKE = ['SELECT', 'INSERT', 'DELETE'] as const;
const ALL = ['SELECT', 'INSERT', 'UPDATE', 'DELETE'] as const;

/**
 * What the server's role may do, and no more (S74, S96): every table and view has its line here. A row that is only locked (`FOR UPDATE`,
 * `FOR SHARE`) takes UPDATE. Rows that go by a foreign key go as the owner's, and take nothing.
 *
 * While a deployment rolls on, the version before works under the new list (S96): a privilege leaves it one version after its last use.
 */
export const TABLE_GRANTS: Readonly<Record<string, readonly TablePrivilege[]>> = {
  migrations: READ,
  // Made once; locked and its epochs moved.
  installation: KEEP,
  // A new one is made where the old one is used up. Only the operator's console deletes them, and rotates (S68).
  data_keys: KEEP,
  // Read for the age of the master key, which is an alarm of its own (S71).
  key_rotations: READ,

  principals: ALL,
  accounts: ALL,
  identity_providers: ALL,
  auth_mounts: KEEP,
  mount_moves: ADD,
  local_users: ALL,
  local_user_counts: ALL,
  service_users: ALL,
  registered_devices: ALL,
  blacklisted_users: ALL,
  former_addresses: ALL,
  global_settings: CHANGE,
  user_preferences: KEEP,
  tags: ALL,

  mfa_methods: ALL,
  mfa_providers: ALL,
  totp_enrollments: ALL,
  totp_resets: ALL,
  factor_challenges: ALL,
  factor_pushes: TAKE,
  factor_throttles: ALL,
  factor_failure_days: ALL,
  factor_history: ADD,
  notices: ADD,
  login_enforcements: ALL,
  admin_mfa_settings: CHANGE,
  mfa_exemptions: TAKE,
  activation_codes: ALL,

  password_throttles: ALL,
  known_networks: ALL,
  login_counts: ALL,
  sign_ins: ALL,
  tokens: ALL,
  token_roles: ALL,

  administrative_roles: ALL,
  policies: ALL,
  criteria_scripts: ALL,
  user_scripts: ALL,
  acl_policies: ALL,
  identity_groups: ALL,
  identity_group_aliases: ALL,
  identity_group_entities: TAKE,
  identity_group_groups: TAKE,
  admin_messages: ALL,
  admin_message_occurrences: TAKE,

  // Added to, never changed (S74); what is removed is removed by `remove_audit_stretch` (S76).
  audit_events: ADD,
  audit_seals: ADD,
  audit_checkpoints: ADD,
  audit_unsealed: TAKE,
  audit_folds: ALL,
  audit_sinks: KEEP,
  audit_keys: ADD,
};

export const SEQUENCE_GRANTS: Readonly<Record<string, readonly ['USAGE']>> = { device_epochs: ['USAGE'] };

/** Functions that statements, indexes and other functions call; a trigger's own needs nothing. */
export const FUNCTION_GRANTS: readonly string[] = [
  'count_local_users(uuid,bigint)',
  'remove_audit_stretch(bigint)',
  'sealed_key_id(bytea)',
];
