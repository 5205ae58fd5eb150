import { Injectable } from '@nestjs/common';
import { DomainError } from '@sallyport/platform';
import {
  type AclCapability,
  type AdministrativePrivilege,
  AclService,
  creators,
  EffectivePrivilegesService,
  grants,
  type ScopedObject,
} from '@sallyport/privileges';
import type { AssuranceLevel } from '@sallyport/tokens';
import { aclSubjectOfToken, type LiveToken } from './live-token.js';

/** What a door asks of a token beside being live. Where it asks for rights, a token without a rule of its own dialect stays outside. */
export interface AdmissionRule {
  /** Of a token of `/admin`. Without an object the privilege must reach everything. */
  privilege: { type: string; target: string; object: ScopedObject | null } | null;
  /** Of a token of `/v1`: a capability on a path of ACL policies. */
  path: { path: string; capability: AclCapability } | null;
  assurance: AssuranceLevel;
}

/** By what names somebody holds their rights. */
export interface HeldRights {
  /** Administrative roles, of a token of `/admin`. */
  roles: string[];
  /** ACL policies, of a token of `/v1`. */
  policies: string[];
}

/** Judges, as of now, whether a token may pass a door that stands in front of something else (S47). */
@Injectable()
export class AdmissionService {
  constructor(
    private readonly privileges: EffectivePrivilegesService,
    private readonly acl: AclService,
  ) {}

  /**
   * @returns what else the door may want to know of whoever passes.
   * @throws DomainError `forbidden`; `unauthenticated` code `assurance-too-low` where a new sign-in with more factors would do.
   */
  async admit(bearer: LiveToken, rule: AdmissionRule): Promise<HeldRights> {
    if (bearer.token.assuranceLevel < rule.assurance)
      throw new DomainError('unauthenticated', 'assurance-too-low', 'A second factor is needed.', {
        assurance: rule.assurance,
      });
    return bearer.session === null ? this.admitByPath(bearer, rule) : this.admitByPrivilege(bearer, rule);
  }

  /** The same names without a door. */
  async rightsOf({ token, session }: LiveToken): Promise<HeldRights> {
    if (session === null) return { roles: [], policies: policiesOf(token) };
    return { roles: (await this.privileges.rolesOf(session.standing, session)).roles, policies: [] };
  }

  private async admitByPath({ token }: LiveToken, { privilege, path }: AdmissionRule): Promise<HeldRights> {
    if (path === null && privilege !== null) throw refused();
    if (path !== null && !(await this.acl.allows(aclSubjectOfToken(token), [path.capability], path.path)))
      throw refused();
    return { roles: [], policies: policiesOf(token) };
  }

  private async admitByPrivilege(
    { session }: LiveToken,
    { privilege, path }: AdmissionRule,
  ): Promise<HeldRights> {
    if (privilege === null && path !== null) throw refused();
    const { roles, privileges } = await this.privileges.rolesOf(session!.standing, session!);
    if (privilege !== null && !holds(privileges, privilege)) throw refused();
    return { roles, policies: [] };
  }
}

/** Everything in force, sorted, each once. */
function policiesOf({ policies, identityPolicies }: LiveToken['token']): string[] {
  return [...new Set([...policies, ...identityPolicies])].toSorted();
}

/** Create differs: its neutral scope allows (appgate.md §3.4). */
function holds(
  privileges: AdministrativePrivilege[],
  { type, target, object }: NonNullable<AdmissionRule['privilege']>,
): boolean {
  if (type === 'Create') return creators(privileges, target, object ?? { id: '', tags: [] }).length > 0;
  return grants(privileges, type, target, object ?? undefined);
}

function refused(): DomainError {
  return new DomainError('forbidden', 'rule-not-met', 'The token does not hold what is asked for.');
}
