import { Injectable } from '@nestjs/common';
import { type IdentityFacts, IdentityFactsService } from '@sallyport/identity';
import { Clock } from '@sallyport/platform';
import { decide, needsFacts } from './acl-decision.js';
import { type AclGrant, gives, givesFields, narrower } from './acl-grant.js';
import type { AclIndex, HeldPolicies } from './acl-index.js';
import { type AclSubject, isRoot } from './acl-subject.js';
import { type AclCapability, CAPABILITIES, NOTHING, namesIn, setOf } from './capability.js';
import { canonicalPath } from './canonical-path.js';
import { CompiledPoliciesService } from './compiled-policies.service.js';
import { resultantOf, type ResultantAcl } from './resultant-acl.js';

const EVERYTHING: AclGrant = { capabilities: setOf(CAPABILITIES), parameters: null, wrapped: false };
const NONE: AclGrant = { capabilities: NOTHING, parameters: null, wrapped: false };

/** What is worked out once for a request, however many paths it asks about. */
interface Standing {
  index: AclIndex;
  policies: HeldPolicies;
  facts: Promise<IdentityFacts | null> | null;
}

/** Kept with the subject: a WeakMap of what lives so briefly costs more than what it spares (docs/benchmarks.md). */
const STANDING = Symbol('standing');

type KnownSubject = AclSubject & { [STANDING]?: Standing };

/** Says what ACL policies allow on a path of `/v1` (contract vault.md §12, §2.4). */
@Injectable()
export class AclService {
  constructor(
    private readonly compiled: CompiledPoliciesService,
    private readonly facts: IdentityFactsService,
    private readonly clock: Clock,
  ) {}

  /**
   * What the winning rule gives on a path without leading slash; a list path ends in `/`. No rule gives nothing, `root` everything.
   * Where a rule speaks of the canonical spelling of the path, no more than that one gives (S51).
   * The state of policies is the one read with the subject's token (S47).
   */
  async grantOn(subject: AclSubject, path: string): Promise<AclGrant> {
    if (isRoot(subject)) return EVERYTHING;
    const grant = (await this.ruleOf(subject, path)) ?? NONE;
    const canonical = canonicalPath(path);
    if (canonical === path) return grant;
    const other = await this.ruleOf(subject, canonical);
    return other === null ? grant : narrower(grant, other);
  }

  /** Whether all of these capabilities are given on the path, and the fields, where there are any, let through. */
  async allows(
    subject: AclSubject,
    capabilities: readonly AclCapability[],
    path: string,
    fields: Readonly<Record<string, unknown>> = {},
  ): Promise<boolean> {
    const grant = await this.grantOn(subject, path);
    return gives(grant, setOf(capabilities)) && givesFields(grant, fields);
  }

  /** The capabilities on a path, by name; none means denied. A root subject has all of them. */
  async capabilitiesOn(subject: AclSubject, path: string): Promise<AclCapability[]> {
    return namesIn((await this.grantOn(subject, path)).capabilities);
  }

  /** All the subject's patterns with their capabilities, for user interfaces that show what one may do. */
  async resultant(subject: AclSubject): Promise<ResultantAcl> {
    if (isRoot(subject)) return { root: true, exact_paths: {}, glob_paths: {} };
    const { index, policies } = await this.standingOf(subject);
    const facts = await this.factsOf(subject);
    return resultantOf(index.all(), { policies, facts, now: this.clock.now() });
  }

  private async ruleOf(subject: AclSubject, path: string): Promise<AclGrant | null> {
    const { index, policies } = await this.standingOf(subject);
    const now = this.clock.now();
    const facts = needsFacts(index, path, { policies, now }) ? await this.factsOf(subject) : null;
    return decide(index, path, { policies, facts, now });
  }

  private async standingOf(subject: KnownSubject): Promise<Standing> {
    const index = await this.compiled.asOf(subject.version);
    const known = subject[STANDING];
    if (known?.index === index) return known;
    return (subject[STANDING] = { index, policies: index.marksOf(subject.policies), facts: null });
  }

  private async factsOf(subject: AclSubject): Promise<IdentityFacts | null> {
    const standing = await this.standingOf(subject);
    return (standing.facts ??=
      subject.entityId === null ? Promise.resolve(null) : this.facts.of(subject.entityId));
  }
}
