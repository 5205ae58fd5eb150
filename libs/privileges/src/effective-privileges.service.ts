import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { AuditService, SERVER } from '@sallyport/audit';
import { IdentityProvider, LocalUser } from '@sallyport/identity';
import { Database, type Transaction } from '@sallyport/platform';
import type { AdministrativePrivilege } from './administrative-privilege.js';
import { ExpressionSandbox } from './expression/index.js';
import { claimsOf, type Subject } from './policies/user-claims.js';

interface MatchablePolicy {
  id: string;
  name: string;
  expression: string;
  privileges: AdministrativePrivilege[][];
}

/** Which privileges a user holds now: evaluated for each request, never frozen into a token (S47). */
@Injectable()
export class EffectivePrivilegesService {
  /** Failures already told of, by policy and text: an expression that fails does so at every request. */
  private readonly told = new Set<string>();

  constructor(
    private readonly database: Database,
    private readonly sandbox: ExpressionSandbox,
    private readonly audit: AuditService,
  ) {}

  /**
   * The union of the privileges of all roles that enabled policies of type Admin or Mixed give this user, identical ones once
   * (contract appgate.md §5.4). A user that is gone holds none.
   * @param tx where the answer decides a write: its transaction.
   */
  async of(subject: Subject, tx?: Transaction): Promise<AdministrativePrivilege[]> {
    const { manager } = tx ?? this.database;
    const user = await manager.getRepository(LocalUser).findOneBy({ id: subject.localUserId });
    if (user === null) return [];
    const provider = await manager
      .getRepository(IdentityProvider)
      .findOneByOrFail({ id: user.identityProviderId });
    return this.ofUser(user, provider, subject, await this.matchable(tx));
  }

  /** The same for a user at hand and policies read once. */
  async ofUser(
    user: LocalUser,
    provider: IdentityProvider,
    subject: Subject,
    policies: MatchablePolicy[],
  ): Promise<AdministrativePrivilege[]> {
    const held = new Map<string, AdministrativePrivilege>();
    for (const policy of policies) {
      const result = await this.sandbox.evaluate(policy.expression, claimsOf(user, provider, subject));
      if (result.error !== undefined) await this.tell(policy, result.error);
      if (!result.matched) continue;
      for (const privilege of policy.privileges.flat()) held.set(JSON.stringify(privilege), privilege);
    }
    return [...held.values()];
  }

  /** The policies that can give a role, with the privileges of their roles, by name. */
  async matchable(tx?: Transaction): Promise<MatchablePolicy[]> {
    return (tx ?? this.database).query<MatchablePolicy>(
      `SELECT p.id, p.name, p.expression, array_to_json(array_agg(r.privileges ORDER BY r.name_canonical)) AS privileges
       FROM policies p JOIN administrative_roles r ON r.id = ANY(p.administrative_roles)
       WHERE NOT p.disabled AND p.type IN ('Admin', 'Mixed')
       GROUP BY p.id ORDER BY p.name_canonical`,
    );
  }

  /** An error or overrun is no match and an event (S52), once for each failure of each text. */
  private async tell(policy: MatchablePolicy, error: string): Promise<void> {
    const key = createHash('sha256').update(`${policy.id}\n${policy.expression}\n${error}`).digest('base64');
    if (this.told.has(key)) return;
    if (this.told.size > 10_000) this.told.clear();
    this.told.add(key);
    await this.audit.record(this.database, SERVER, {
      action: 'policy.expression-failed',
      outcome: 'failure',
      object: { type: 'policy', id: policy.id },
      detail: { name: policy.name, error: error.slice(0, 500) },
    });
  }
}
