import type { LoginEnforcement } from '@sallyport/mfa-methods';
import type { EnforcementView } from './enforcement.dto.js';

/** An enforcement as it is read; lists are never null (§6). */
export function enforcementView(
  enforcement: Omit<LoginEnforcement, 'createdAt' | 'updatedAt'>,
): EnforcementView {
  return {
    name: enforcement.name,
    id: enforcement.id,
    namespace_id: 'root',
    namespace_path: '',
    mfa_method_ids: enforcement.mfaMethodIds,
    auth_method_accessors: enforcement.authMethodAccessors,
    auth_method_types: enforcement.authMethodTypes,
    identity_group_ids: enforcement.identityGroupIds,
    identity_entity_ids: enforcement.identityEntityIds,
  };
}
