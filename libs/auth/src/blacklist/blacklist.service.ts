import { Injectable } from '@nestjs/common';
import { type Actor, AuditService, type ObjectChange } from '@sallyport/audit';
import { canonicalName, PeopleService, type UserName, userDn } from '@sallyport/identity';
import {
  Clock,
  Database,
  DomainError,
  type Listed,
  listRows,
  type ListSource,
  type ListWish,
  single,
  timeText,
  type Transaction,
} from '@sallyport/platform';
import {
  type AdministrativePrivilege,
  creators,
  LastAdministratorService,
  reachOf,
  reachValues,
  withinReach,
} from '@sallyport/privileges';
import { notFound, ProviderScopeService } from '../scope/provider-scope.service.js';

/** A name nobody signs in under (contract appgate.md §5.7). */
export interface BlacklistedUser extends UserName {
  userDistinguishedName: string;
  reason: string | null;
  blacklistedAt: Date;
}

interface BlacklistRow {
  username: string;
  provider_name: string;
  reason: string | null;
  blacklisted_at: Date;
}

interface AddedRow extends BlacklistRow {
  before: object | null;
}

/** Names that may not sign in, in neither dialect, whether their user exists or not; as far as a caller's privileges reach. */
@Injectable()
export class BlacklistService {
  constructor(
    private readonly database: Database,
    private readonly scope: ProviderScopeService,
    private readonly people: PeopleService,
    private readonly lastAdministrator: LastAdministratorService,
    private readonly audit: AuditService,
    private readonly clock: Clock,
  ) {}

  /** One page of the entries these privileges let view. */
  async list(wish: ListWish, privileges: AdministrativePrivilege[]): Promise<Listed<BlacklistedUser>> {
    const reach = reachValues(reachOf(privileges, 'View', 'Blacklist'));
    const listed = await listRows<BlacklistRow>(this.database, ENTRIES, reach, wish);
    return { ...listed, rows: listed.rows.map(entryOf) };
  }

  /**
   * Lists a name, or replaces the reason of one that is listed in its first spelling. Every token and unfinished sign-in of the user ends.
   * @throws DomainError `forbidden`; `invalid` where no full administrator would remain (S50).
   */
  async add(
    user: UserName,
    reason: string | null,
    privileges: AdministrativePrivilege[],
    actor: Actor,
  ): Promise<BlacklistedUser> {
    const provider = await this.scope.of(user.providerName);
    if (creators(privileges, 'Blacklist', provider).length === 0)
      throw new DomainError('forbidden', 'scope', `You don't have permission to access this resource.`);
    return this.database.transaction(async (tx) => {
      await this.lastAdministrator.hold(tx);
      const key = [canonicalName(user.providerName), canonicalName(user.username)];
      const values = [...key, user.username, user.providerName, reason, this.clock.now()];
      const row = single(await tx.query<AddedRow>(ADD, values));
      const entry = entryOf(row);
      await this.endEverything(tx, provider.id, user.username);
      await this.mustLeaveAdministrator(tx);
      await this.record(tx, actor, 'blacklist.added', entry, { before: row.before, after: ownFields(entry) });
      return entry;
    });
  }

  /** @throws DomainError `forbidden`; `not-found`. */
  async remove(user: UserName, privileges: AdministrativePrivilege[], actor: Actor): Promise<void> {
    await this.scope.mustReach(user.providerName, 'Delete', 'Blacklist', privileges);
    await this.database.transaction(async (tx) => {
      const [row] = await tx.query<BlacklistRow>(REMOVE, [
        canonicalName(user.providerName),
        canonicalName(user.username),
      ]);
      if (row === undefined) throw notFound();
      const entry = entryOf(row);
      await this.record(tx, actor, 'blacklist.removed', entry, { before: ownFields(entry), after: null });
    });
  }

  private async endEverything(tx: Transaction, providerId: string, username: string): Promise<void> {
    const people = await tx.query<{ principal_id: string }>(
      'SELECT principal_id FROM accounts WHERE identity_provider_id = $1 AND name_canonical = $2',
      [providerId === '' ? null : providerId, canonicalName(username)],
    );
    for (const { principal_id: principalId } of people) {
      await this.people.endTokens(tx, principalId);
      await this.people.endSignIns(tx, principalId);
    }
  }

  private async mustLeaveAdministrator(tx: Transaction): Promise<void> {
    try {
      await this.lastAdministrator.mustRemain(tx);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'last-administrator')
        throw DomainError.invalid('userDistinguishedName', 'must leave a full administrator');
      throw error;
    }
  }

  private async record(
    tx: Transaction,
    actor: Actor,
    action: 'blacklist.added' | 'blacklist.removed',
    entry: BlacklistedUser,
    change: ObjectChange,
  ): Promise<void> {
    const object = { type: 'user-name', id: entry.userDistinguishedName };
    await this.audit.record(tx, actor, {
      action,
      outcome: 'success',
      object,
      detail: { reason: entry.reason },
      ...change,
    });
  }
}

function ownFields({ reason, blacklistedAt }: BlacklistedUser): object {
  return { reason, blacklistedAt };
}

function entryOf({
  username,
  provider_name: providerName,
  reason,
  blacklisted_at: blacklistedAt,
}: BlacklistRow): BlacklistedUser {
  return {
    userDistinguishedName: userDn(username, providerName),
    username,
    providerName,
    reason,
    blacklistedAt,
  };
}

// An entry of a provider that is not there is in reach of nobody but who reaches everything.
const ENTRIES: ListSource = {
  select: `
    SELECT b.*, 'cn=' || b.username_canonical || ',ou=' || b.provider_canonical AS dn_canonical
    FROM blacklisted_users b LEFT JOIN identity_providers p ON p.name_canonical = b.provider_canonical AND p.type <> 'Userpass'
    WHERE ${withinReach('p', 1)}`,
  key: 'dn_canonical',
  search: ['dn_canonical'],
  fold: canonicalName,
  fields: {
    username: { order: 'username_canonical', filter: 'username_canonical', fold: canonicalName },
    userDistinguishedName: { order: 'dn_canonical', filter: 'dn_canonical', fold: canonicalName },
    providerName: { order: 'provider_canonical', filter: 'provider_canonical', fold: canonicalName },
    blacklistedAt: { order: 'blacklisted_at', filter: timeText('blacklisted_at') },
    reason: { order: 'lower(reason)', filter: 'reason' },
  },
};

const ADD = `
  WITH old AS (SELECT reason, blacklisted_at FROM blacklisted_users WHERE provider_canonical = $1 AND username_canonical = $2)
  INSERT INTO blacklisted_users AS known (provider_canonical, username_canonical, username, provider_name, reason, blacklisted_at)
  VALUES ($1, $2, $3, $4, $5, $6)
  ON CONFLICT (provider_canonical, username_canonical) DO UPDATE SET reason = excluded.reason
  RETURNING known.*, (SELECT jsonb_build_object('reason', reason, 'blacklistedAt', blacklisted_at) FROM old) AS before`;

const REMOVE =
  'DELETE FROM blacklisted_users WHERE provider_canonical = $1 AND username_canonical = $2 RETURNING *';
