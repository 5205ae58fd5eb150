import { Injectable } from '@nestjs/common';
import type { LocalUser } from '@sallyport/identity';
import { Database, type Transaction } from '@sallyport/platform';
import type { AdministrativePrivilege } from './administrative-privilege.js';
import { DecisionsService } from './decisions.service.js';
import type { ExpressionClaims } from './expression/index.js';
import { isFullAdministrator } from './grants.js';
import type { Subject } from './policies/user-claims.js';
import { readDeciding, readStanding, type Standing, type StandingPolicy } from './standing.js';

/** What a user's policies give, and by which roles. */
export interface HeldRoles {
  /** Names, sorted, each once. */
  roles: string[];
  privileges: AdministrativePrivilege[];
}

/** Which privileges a user holds now: evaluated for each request, never frozen into a token (S47). */
@Injectable()
export class EffectivePrivilegesService {
  constructor(
    private readonly database: Database,
    private readonly decisions: DecisionsService,
  ) {}

  /**
   * The union of the privileges of all roles that enabled policies of type Admin or Mixed give this user, identical ones once
   * (contract appgate.md §5.4). A user that is gone holds none.
   * @param tx where the answer decides a write: its transaction.
   */
  async of(subject: Subject, tx?: Transaction): Promise<AdministrativePrivilege[]> {
    return this.asOf(await readStanding(tx ?? this.database.gathered, subject.localUserId), subject);
  }

  /** The privileges of `of`, where the standing was read in the same request. */
  async asOf(standing: Standing | null, subject: Subject): Promise<AdministrativePrivilege[]> {
    return standing === null ? [] : unionOf(await this.decisions.matching(standing, subject));
  }

  /** The same, with the names of the roles it comes from. */
  async rolesOf(standing: Standing | null, subject: Subject): Promise<HeldRoles> {
    if (standing === null) return { roles: [], privileges: [] };
    const matching = await this.decisions.matching(standing, subject);
    const roles = new Set(matching.flatMap((policy) => policy.roles));
    return { roles: [...roles].toSorted(), privileges: unionOf(matching) };
  }

  /**
   * The same for whoever acts, as of the transaction of the act: nobody who was disabled or lost a role meanwhile acts on (S48).
   */
  async ofActing(subject: Subject, tx: Transaction): Promise<AdministrativePrivilege[]> {
    const standing = await readStanding(tx, subject.localUserId);
    return standing?.user.enabled ? this.asOf(standing, subject) : [];
  }

  /**
   * What a user with these values might hold in some sign-in, whether there is a row of them yet or not: a change is judged on values, before
   * anything is written (contract appgate.md §1.3, §3.5). A policy that looks at the sign-in counts, whatever it says now (S49).
   */
  async mightHold(user: LocalUser, tx: Transaction): Promise<AdministrativePrivilege[]> {
    const deciding = await readDeciding(tx, user.identityProviderId);
    if (deciding === null) return [];
    const { id, name, firstName, lastName, email, phone, tags } = user;
    const values = { id, name, firstName, lastName, email, phone, tags, enabled: !user.disabled };
    return unionOf(await this.decisions.possible({ ...deciding, user: values }));
  }

  /** The same for a user there is; one that is gone holds nothing. */
  async mightHoldNow(localUserId: string, tx: Transaction): Promise<AdministrativePrivilege[]> {
    const standing = await readStanding(tx, localUserId);
    return standing === null ? [] : unionOf(await this.decisions.possible(standing));
  }

  /** Whether a user holds everything there is; only policies that give that much are asked. */
  async isFull(subject: Subject, tx: Transaction): Promise<boolean> {
    const standing = await readStanding(tx, subject.localUserId);
    if (standing === null) return false;
    const full = standing.policies.filter(({ privileges }) => isFullAdministrator(privileges.flat()));
    return (await this.decisions.matching(standing, subject, full)).length > 0;
  }

  /** What expressions see of a user (appgate.md §5.4); null where the user is gone. */
  async claims(subject: Subject): Promise<ExpressionClaims | null> {
    const standing = await readStanding(this.database.gathered, subject.localUserId);
    return standing === null ? null : this.decisions.claims(standing, subject);
  }

  /** Drops remembered decisions, so that expressions run anew with the next request (appgate.md §5.6). */
  forget(): void {
    this.decisions.forget();
  }
}

/** Identical ones once. */
function unionOf(policies: StandingPolicy[]): AdministrativePrivilege[] {
  const held = new Map<string, AdministrativePrivilege>();
  for (const policy of policies)
    for (const privilege of policy.privileges.flat()) held.set(JSON.stringify(privilege), privilege);
  return [...held.values()];
}

/** A user of whose sign-in nothing is known. */
export function subjectOf(localUserId: string): Subject {
  return { localUserId, deviceId: null, clientAddress: null, connectTime: null };
}
