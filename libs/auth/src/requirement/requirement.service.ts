import { Injectable } from '@nestjs/common';
import { groupsOfPerson } from '@sallyport/identity';
import { ADMIN_MFA, MfaMethod } from '@sallyport/mfa-methods';
import { columnsOf, Database, type Reads } from '@sallyport/platform';
import { ACCOUNT_OF_TOKEN, type CompletedFactor } from '@sallyport/tokens';
import { ACCOUNT_OF_HANDLE } from '../sign-in/sign-in-statements.js';

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
  private readonly texts: Partial<Record<AccountSql, string>> = {};

  constructor(private readonly database: Database) {}

  /** Every enforcement that matches the account now, whatever has been proven. */
  async of(accountId: string, reads: Reads = this.database.gathered): Promise<Requirement> {
    return this.read(reads, '$1::uuid', accountId);
  }

  /**
   * The same of whoever's token or sign-in in progress this is; nothing where there is none. It can be sent together with the search for
   * either, but before it: one that ends meanwhile would seem to owe nothing.
   */
  async ofSecret(secretHash: Buffer, reads: Reads): Promise<Requirement> {
    return this.read(reads, ACCOUNT_OF_SECRET, secretHash);
  }

  /** Whether nothing is owed beside these factors. */
  async stands(
    accountId: string,
    factors: CompletedFactor[],
    reads: Reads,
  ): Promise<{ met: boolean; exempted: boolean }> {
    const rows = await reads.query<OwedIds>(IDS, [accountId]);
    return {
      met: rows.every((row) => row.exempted || isSatisfied(row, factors)),
      exempted: rows.some(({ exempted }) => exempted),
    };
  }

  private async read(reads: Reads, account: AccountSql, value: string | Buffer): Promise<Requirement> {
    const text = (this.texts[account] ??= withMethods(columnsOf(this.database, MfaMethod), account));
    const rows = await reads.query<OwedRow>(text, [value]);
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
  async missing(accountId: string, factors: CompletedFactor[]): Promise<Enforcement[]> {
    return stillOwed((await this.of(accountId)).owed, factors);
  }
}

/** The two never share a secret. */
const ACCOUNT_OF_SECRET = `coalesce(${ACCOUNT_OF_TOKEN}, ${ACCOUNT_OF_HANDLE})` as const;

/** Whose requirement is read, by what `$1` is. */
type AccountSql = '$1::uuid' | typeof ACCOUNT_OF_SECRET;

/** One enforcement. */
interface OwedIds {
  methodIds: string[];
  exempted: boolean;
}

/** One method of one enforcement; nulls in place of a method that is gone. */
interface OwedRow extends Omit<MfaMethod, 'id'>, OwedIds {
  enforcement: string;
  id: string | null;
}

export function stillOwed(owed: Enforcement[], factors: CompletedFactor[]): Enforcement[] {
  return owed.filter((enforcement) => !isSatisfied(enforcement, factors));
}

/** Of several methods in one enforcement, any one will do. */
export function isSatisfied(
  { methodIds }: Pick<Enforcement, 'methodIds'>,
  factors: CompletedFactor[],
): boolean {
  return methodIds.some((id) => factors.some((factor) => factor.methodId === id));
}

// The admin setting concerns the providers `/admin` knows; an exemption counts by canonical name, and only where its user's maker might exempt.
const matching = (account: AccountSql) => `
  WITH person AS (
    SELECT a.principal_id, a.name_canonical, p.type AS provider_type, p.name_canonical AS provider, m.accessor, m.type AS mount_type,
      coalesce(u.exemption_counts, true) AS exemption_counts
    FROM accounts a
    JOIN identity_providers p ON p.id = a.identity_provider_id
    LEFT JOIN auth_mounts m ON m.identity_provider_id = p.id
    LEFT JOIN local_users u ON u.account_id = a.id
    WHERE a.id = ${account}
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

const IDS = `SELECT method_ids AS "methodIds", exempted FROM (${matching('$1::uuid')}) owed`;

/** @param columns of a method, over alias `o`. */
function withMethods(columns: string, account: AccountSql): string {
  return `
    SELECT owed.name AS enforcement, owed.method_ids AS "methodIds", owed.exempted, ${columns}
    FROM (${matching(account)}) owed LEFT JOIN LATERAL unnest(owed.method_ids) WITH ORDINALITY AS named (id, place) ON true
    LEFT JOIN mfa_methods o ON o.id = named.id
    ORDER BY owed.name, named.place`;
}
