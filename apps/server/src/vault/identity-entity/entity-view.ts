import type { Account, AuthMount, Memberships, Principal } from '@sallyport/identity';
import { wireMap, wireTime } from '../wire/wire-time.js';
import type { AliasView, AuthenticatorView, EntityView } from './entity.dto.js';

/** Mounts by the identity provider behind them. */
export type MountsByProvider = ReadonlyMap<string, AuthMount>;

/** An account as an alias; null where its provider has no mount. */
export function aliasView(account: Account, mounts: MountsByProvider): AliasView | null {
  const mount = mounts.get(account.identityProviderId);
  if (mount === undefined) return null;
  return {
    id: account.id,
    canonical_id: account.principalId,
    name: account.name,
    mount_accessor: mount.accessor,
    mount_type: mount.type,
    mount_path: `auth/${mount.path}/`,
    metadata: null,
    custom_metadata: wireMap(account.customMetadata),
    merged_from_canonical_ids: listOrNull(account.mergedFromIds),
    local: false,
    creation_time: wireTime(account.createdAt),
    last_update_time: wireTime(account.updatedAt),
  };
}

/** An entity as it is read (§10). */
export function entityView(
  entity: Principal,
  accounts: readonly Account[],
  mounts: MountsByProvider,
  authenticators: AuthenticatorView[],
  { direct, inherited }: Memberships,
): EntityView {
  return {
    id: entity.id,
    name: entity.name ?? '',
    metadata: wireMap(entity.metadata),
    policies: entity.policies,
    disabled: entity.disabled,
    aliases: aliasesOf(accounts, mounts),
    direct_group_ids: direct,
    inherited_group_ids: inherited,
    group_ids: [...direct, ...inherited],
    merged_entity_ids: listOrNull(entity.mergedIds),
    namespace_id: 'root',
    creation_time: wireTime(entity.createdAt),
    last_update_time: wireTime(entity.updatedAt),
    mfa_authenticators: authenticators,
  };
}

function aliasesOf(accounts: readonly Account[], mounts: MountsByProvider): AliasView[] {
  return accounts.flatMap((account) => aliasView(account, mounts) ?? []);
}

function listOrNull(ids: string[]): string[] | null {
  return ids.length === 0 ? null : ids;
}
