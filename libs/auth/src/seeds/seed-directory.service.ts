import { Injectable } from '@nestjs/common';
import { canonicalName, type UserName, userDn } from '@sallyport/identity';
import { DEFAULT_METHOD_ID } from '@sallyport/mfa-methods';
import {
  Database,
  DomainError,
  type Listed,
  listRows,
  type ListSource,
  type ListWish,
  type Transaction,
} from '@sallyport/platform';
import {
  type AdministrativePrivilege,
  reaches,
  reachOf,
  reachValues,
  VaultAuthorityService,
  withinReach,
  type Writer,
} from '@sallyport/privileges';
import { FreshProofService } from '../self-service/fresh-proof.service.js';
import type { AdminSession } from '../sign-in/admin-session.js';
import { FactorResetService, stoppedElsewhere } from '../sign-in/factor-reset.service.js';

/** A user who has a seed of the built-in time-based method, bound or not. */
export interface SeededUser extends UserName {
  userDistinguishedName: string;
  /** Has accepted at least one right code. */
  verified: boolean;
}

interface SeededRow {
  username: string;
  provider_name: string;
  verified: boolean;
}

/** Whose seeds there are, and their reset, as far as a caller's privileges reach (contract appgate.md §4.3; S45, S49, S63). */
@Injectable()
export class SeedDirectoryService {
  constructor(
    private readonly database: Database,
    private readonly authorities: VaultAuthorityService,
    private readonly resets: FactorResetService,
    private readonly fresh: FreshProofService,
  ) {}

  /** One page of the users whose seeds these privileges let view; one entry for each user. Never a seed. */
  async list(wish: ListWish, privileges: AdministrativePrivilege[]): Promise<Listed<SeededUser>> {
    const reach = reachOf(privileges, 'View', 'OtpSeed');
    const listed = await listRows<SeededRow>(
      this.database,
      SEEDS,
      [DEFAULT_METHOD_ID, ...reachValues(reach)],
      wish,
    );
    const rows = listed.rows.map(({ username, provider_name: providerName, verified }) => ({
      userDistinguishedName: userDn(username, providerName),
      username,
      providerName,
      verified,
    }));
    return { ...listed, rows };
  }

  /**
   * Takes a user's seed away, and the failures that have stopped a factor of theirs which has no seed here (RADIUS); all tokens of the
   * user end with it (S20, S63). The scope is judged by the DN's provider, before anything of the
   * user is looked up (§1.3 g).
   * @throws DomainError `forbidden`, also where the user holds more than the caller (S49); `not-found`; `factor-owed` for oneself, where no
   *   factor was proven of late (S61).
   */
  async remove(
    { username, providerName }: UserName,
    { privileges, actor, subject }: Writer & { privileges: AdministrativePrivilege[] },
    session: Pick<AdminSession, 'principalId' | 'username' | 'factors'>,
  ): Promise<void> {
    const provider = await this.providerNamed(providerName);
    const scoped = provider ?? { id: '', tags: [] };
    if (!reaches(reachOf(privileges, 'Delete', 'OtpSeed'), scoped)) throw forbidden();
    if (provider === null || !reaches(reachOf(privileges, 'View', 'OtpSeed'), provider)) throw notFound();
    const [owner] = await this.database.query<{ principal_id: string; local_user_id: string | null }>(OWNER, [
      provider.id,
      canonicalName(username),
      DEFAULT_METHOD_ID,
    ]);
    if (owner === undefined) throw notFound();
    const mayAct = async (tx: Transaction) => {
      await this.authorities.begin(tx);
      await this.authorities.mustReachFromAdmin(tx, subject, owner.principal_id);
      if (owner.principal_id === session.principalId) await this.fresh.mustIncludeFactor(session, tx);
    };
    if (!(await this.resets.reset(DEFAULT_METHOD_ID, owner.principal_id, actor, mayAct))) throw notFound();
  }

  private async providerNamed(name: string): Promise<{ id: string; tags: string[] } | null> {
    const [row] = await this.database.query<{ id: string; tags: string[] }>(
      `SELECT id, tags FROM identity_providers WHERE name_canonical = $1 AND type <> 'Userpass'`,
      [canonicalName(name)],
    );
    return row ?? null;
  }
}

function forbidden(): DomainError {
  return new DomainError('forbidden', 'scope', `You don't have permission to access this resource.`);
}

function notFound(): DomainError {
  return new DomainError('not-found', 'not-found', 'The requested resource was not found.');
}

const SEEDS: ListSource = {
  select: `
    SELECT a.id AS account_id, a.name AS username, a.name_canonical, p.name AS provider_name, p.name_canonical AS provider_canonical,
      'cn=' || a.name_canonical || ',ou=' || p.name_canonical AS dn_canonical, e.verified_at IS NOT NULL AS verified
    FROM totp_enrollments e
    JOIN accounts a ON a.principal_id = e.principal_id
    JOIN identity_providers p ON p.id = a.identity_provider_id
    WHERE e.method_id = $1 AND p.type <> 'Userpass' AND ${withinReach('p', 2)}`,
  key: 'account_id',
  search: ['dn_canonical'],
  fold: canonicalName,
  fields: {
    username: { order: 'name_canonical', filter: 'name_canonical', fold: canonicalName },
    userDistinguishedName: { order: 'dn_canonical', filter: 'dn_canonical', fold: canonicalName },
    providerName: { order: 'provider_canonical', filter: 'provider_canonical', fold: canonicalName },
    verified: { order: 'verified', filter: 'verified::text' },
  },
};

const OWNER = `
  SELECT a.principal_id, u.id AS local_user_id FROM accounts a
  LEFT JOIN local_users u ON u.account_id = a.id
  WHERE a.identity_provider_id = $1 AND a.name_canonical = $2
    AND (EXISTS (SELECT 1 FROM totp_enrollments e WHERE e.principal_id = a.principal_id AND e.method_id = $3)
      OR EXISTS (${stoppedElsewhere('a.principal_id')}))`;
