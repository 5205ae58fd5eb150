import { Injectable } from '@nestjs/common';
import { groupsOfPerson } from '@sallyport/identity';
import { ADMIN_MFA, MfaMethod } from '@sallyport/mfa-methods';
import { columnsOf, Database, type Transaction } from '@sallyport/platform';
import type { CompletedFactor } from '@sallyport/tokens';

/** One thing that is owed: any of the methods satisfies it. */
export interface Enforcement {
  name: string;
  methods: MfaMethod[];
  /** All configured ids, in order, also of methods that are gone. */
  methodIds: string[];
}

export interface Requirement {
  /** All of these are owed. */
  owed: Enforcement[];
  /** Admin MFA is on and this account is exempt from it; each use is an event (S53). */
  exempted: boolean;
}

/**
 * What a person owes, decided once, by account id, for every path that can yield a token, in both dialects
 * (contract appgate.md §2.10, vault.md §1.9, §3.1; S53).
 */
@Injectable()
export class RequirementService {
  constructor(private readonly database: Database) {}

  /** Every enforcement that matches the account now, whatever has been proven. */
  async of(accountId: string, tx?: Transaction): Promise<Requirement> {
    const sql = tx ?? this.database;
    const rows = await sql.query<OwedRow>(withMethods(columnsOf(sql, MfaMethod)), [accountId]);
    const owed = new Map<string, Enforcement>();
    for (const { enforcement, methodIds, exempted, ...method } of rows) {
      if (exempted) continue;
      const known = owed.get(enforcement) ?? { name: enforcement, methodIds, methods: [] };
      owed.set(enforcement, known);
      if (method.id !== null) known.methods.push(Object.assign(new MfaMethod(), method));
    }
    return { owed: [...owed.values()], exempted: rows.some((row) => row.exempted) };
  }

  /** What is still missing beside the factors proven so far; empty: nothing. */
  async missing(accountId: string, factors: CompletedFactor[], tx?: Transaction): Promise<Enforcement[]> {
    const { owed } = await this.of(accountId, tx);
    return owed.filter((enforcement) => !isSatisfied(enforcement, factors));
  }
}

/** One method of one enforcement; nulls in place of a method that is gone. */
interface OwedRow extends Omit<MfaMethod, 'id'> {
  enforcement: string;
  methodIds: string[];
  exempted: boolean;
  id: string | null;
}

/** Of several methods in one enforcement, any one will do. */
export function isSatisfied({ methodIds }: Enforcement, factors: CompletedFactor[]): boolean {
  return methodIds.some((id) => factors.some((factor) => factor.methodId === id));
}

// The admin setting concerns the providers `/admin` knows; an exemption counts by canonical name, and only where its user's maker might exempt.
const MATCHING = `
  WITH person AS (
    SELECT a.principal_id, a.name_canonical, p.type AS provider_type, p.name_canonical AS provider, m.accessor, m.type AS mount_type,
      coalesce(u.exemption_counts, true) AS exemption_counts
    FROM accounts a
    JOIN identity_providers p ON p.id = a.identity_provider_id
    LEFT JOIN auth_mounts m ON m.identity_provider_id = p.id
    LEFT JOIN local_users u ON u.account_id = a.id
    WHERE a.id = $1
  )
  SELECT '${ADMIN_MFA}' AS name, ARRAY[s.provider_id] AS method_ids,
    (person.exemption_counts AND EXISTS (
      SELECT 1 FROM mfa_exemptions x
      WHERE x.provider_canonical = person.provider AND x.username_canonical = person.name_canonical)) AS exempted
  FROM admin_mfa_settings s, person
  WHERE s.provider_id IS NOT NULL AND person.provider_type <> 'Userpass'
  UNION ALL
  SELECT e.name, e.mfa_method_ids, false
  FROM login_enforcements e, person
  WHERE person.principal_id = ANY(e.identity_entity_ids)
     OR e.identity_group_ids && ARRAY(SELECT group_id FROM ${groupsOfPerson('person.principal_id')} held)
     OR person.accessor = ANY(e.auth_method_accessors)
     OR person.mount_type = ANY(e.auth_method_types)`;

/** @param columns of a method, over alias `o`. */
function withMethods(columns: string): string {
  return `
    SELECT owed.name AS enforcement, owed.method_ids AS "methodIds", owed.exempted, ${columns}
    FROM (${MATCHING}) owed LEFT JOIN LATERAL unnest(owed.method_ids) WITH ORDINALITY AS named (id, place) ON true
    LEFT JOIN mfa_methods o ON o.id = named.id
    ORDER BY owed.name, named.place`;
}
