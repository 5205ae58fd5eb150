import { Injectable } from '@nestjs/common';
import { IdentityProvidersService, LocalUser } from '@sallyport/identity';
import { Database, type Listed, listRows, type ListSource, type ListWish } from '@sallyport/platform';
import { Any } from 'typeorm';
import type { AdministrativePrivilege } from '../administrative-privilege.js';
import { reachOf } from '../grants.js';
import { NAMED_FIELDS, NAMED_SEARCH } from '../named-list.js';
import { reachValues, withinReach } from '../scoped-rows.js';

/** Reads users as far as a caller may view them (contract appgate.md §1.7, §3.4; S45). */
@Injectable()
export class UserDirectoryService {
  constructor(
    private readonly database: Database,
    private readonly providers: IdentityProvidersService,
  ) {}

  /** One page of the users of the provider `local` that these privileges let view. */
  async list(wish: ListWish, privileges: AdministrativePrivilege[]): Promise<Listed<LocalUser>> {
    const local = await this.providers.local();
    const reach = reachOf(privileges, 'View', 'LocalUser');
    const listed = await listRows<{ id: string }>(
      this.database,
      reach === 'all' ? ALL_LOCAL_USERS : LOCAL_USERS,
      [local.id, ...reachValues(reach)],
      wish,
    );
    const ids = listed.rows.map(({ id }) => id);
    const users = await this.database.manager.getRepository(LocalUser).findBy({ id: Any(ids) });
    const byId = new Map(users.map((user) => [user.id, user]));
    return { ...listed, rows: ids.flatMap((id) => byId.get(id) ?? []) };
  }
}

// Every order has its index: migration 1763700000050.
const LOCAL_USERS: ListSource = {
  ...NAMED_SEARCH,
  select: `SELECT * FROM local_users u WHERE u.identity_provider_id = $1 AND ${withinReach('u', 2)}`,
  fields: {
    ...NAMED_FIELDS,
    disabled: { order: 'disabled', required: true, filter: 'disabled::text' },
    firstName: { order: 'lower(first_name)', required: true, filter: 'first_name' },
    lastName: { order: 'lower(last_name)', required: true, filter: 'last_name' },
    email: { order: 'lower(email)', filter: 'email' },
  },
};

/** Whoever may view every user need not have them counted. */
const ALL_LOCAL_USERS: ListSource = {
  ...LOCAL_USERS,
  count: 'SELECT coalesce(sum(users), 0) FROM local_user_counts WHERE identity_provider_id = $1',
};
