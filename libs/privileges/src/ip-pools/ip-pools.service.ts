import { Injectable } from '@nestjs/common';
import { Database, type Listed, listRows, type ListSource, type ListWish } from '@sallyport/platform';
import type { AdministrativePrivilege } from '../administrative-privilege.js';
import { reachOf } from '../grants.js';
import { NAMED_FIELDS, NAMED_SEARCH } from '../named-list.js';
import { objectNotFound } from '../objects/index.js';
import { reachValues, withinReach } from '../scoped-rows.js';

/** Addresses for network clients: fixed, for programs that look one up (contract appgate.md §6.10, §9). */
export interface IpPool {
  id: string;
  name: string;
  nameCanonical: string;
  notes: string;
  tags: string[];
  ipVersion6: boolean;
  first: string;
  last: string;
  createdAt: Date;
  updatedAt: Date;
}

interface PoolRow {
  id: string;
  name: string;
  name_canonical: string;
  notes: string;
  tags: string[];
  ip_version6: boolean;
  first: string;
  last: string;
  created_at: Date;
}

/** The two pools there are, as far as a caller may view them (S45). */
@Injectable()
export class IpPoolsService {
  constructor(private readonly database: Database) {}

  async list(wish: ListWish, privileges: AdministrativePrivilege[]): Promise<Listed<IpPool>> {
    const reach = reachValues(reachOf(privileges, 'View', 'IpPool'));
    const listed = await listRows<PoolRow>(this.database, POOLS, reach, wish);
    return { ...listed, rows: listed.rows.map(poolOf) };
  }

  /** @throws DomainError `not-found`. */
  async get(id: string, privileges: AdministrativePrivilege[]): Promise<IpPool> {
    const { rows } = await this.list(
      { queries: [], range: null, orderBy: 'name', descending: false, filters: [] },
      privileges,
    );
    const pool = rows.find((candidate) => candidate.id === id);
    if (pool === undefined) throw objectNotFound();
    return pool;
  }
}

function poolOf(row: PoolRow): IpPool {
  const {
    id,
    name,
    name_canonical: nameCanonical,
    notes,
    tags,
    ip_version6: ipVersion6,
    first,
    last,
    created_at: createdAt,
  } = row;
  return { id, name, nameCanonical, notes, tags, ipVersion6, first, last, createdAt, updatedAt: createdAt };
}

const FIXED = `
  SELECT pool.*, '' AS notes, ARRAY['builtin'] AS tags, installation.created_at, installation.created_at AS updated_at
  FROM installation, (VALUES
    ('f572b4ab-7963-4a90-9e5a-3bf033bfe2cc'::uuid, 'default pool v4', 'default pool v4', false, '192.0.2.1', '192.0.2.254'),
    ('6935b379-205d-4fdd-847f-a0b5f14aff53'::uuid, 'default pool v6', 'default pool v6', true, '2001:db8::1', '2001:db8::fe')
  ) AS pool (id, name, name_canonical, ip_version6, first, last)`;

const POOLS: ListSource = {
  ...NAMED_SEARCH,
  select: `SELECT * FROM (${FIXED}) AS o WHERE ${withinReach('o', 1)}`,
  fields: NAMED_FIELDS,
};
