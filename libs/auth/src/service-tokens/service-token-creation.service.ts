import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { AuthMountsService } from '@sallyport/identity';
import {
  after,
  Clock,
  Database,
  DomainError,
  type Transaction,
  violatedConstraint,
} from '@sallyport/platform';
import { DenialsService, type VaultAuthority, VaultAuthorityService } from '@sallyport/privileges';
import {
  MAX_TTL,
  type NewToken,
  type Token,
  type TokenRole,
  TokenRolesService,
  TokensService,
} from '@sallyport/tokens';
import { AliasedPersonService } from './aliased-person.service.js';
import { commonRanges } from './common-ranges.js';
import { cutToParent, lifeOfNewToken, type TokenLife } from './token-life.js';
import { policiesOfNewToken } from './token-policies.js';

/** What is asked for in a token to create; times in seconds, 0: not set. */
export interface TokenRequest {
  /** The secret itself, where the caller chooses it; '': it is drawn. */
  id: string;
  /** Canonical; none: the parent's. */
  policies: string[];
  noDefaultPolicy: boolean;
  /** `no_parent`: needs sudo. */
  noParent: boolean;
  /** By `create-orphan`, which the ACL alone decides. */
  orphan: boolean;
  roleName: string | null;
  /** Canonical; '': none. */
  entityAlias: string;
  metadata: Record<string, string> | null;
  displayName: string;
  usesLeft: number;
  renewable: boolean;
  ttl: number;
  period: number;
  explicitMaxTtl: number;
  /** Below `auth/token/`. */
  path: string;
}

/** Who asks: the token the new one stands on, and what its holder may do. */
export interface TokenCreator {
  token: Token;
  /** On the path of the request. */
  sudo: boolean;
  authority: VaultAuthority;
}

/** Creates tokens from tokens at `/v1` (contract vault.md §9). */
@Injectable()
export class ServiceTokenCreationService {
  constructor(
    private readonly database: Database,
    private readonly tokens: TokensService,
    private readonly roles: TokenRolesService,
    private readonly mounts: AuthMountsService,
    private readonly authority: VaultAuthorityService,
    private readonly denials: DenialsService,
    private readonly aliased: AliasedPersonService,
    private readonly clock: Clock,
  ) {}

  /**
   * A child has its parent's person, addresses and factors, ends no later and dies with it; an orphan has none of them (S41, S43).
   * @returns the secret, shown once, the token, and what its creator should know.
   * @throws DomainError `invalid` with the wire's texts; `forbidden` where more would be granted than the creator holds (S48);
   *   `unauthenticated` where the parent ended meanwhile.
   */
  async create(
    creator: TokenCreator,
    request: TokenRequest,
    actor: Actor,
  ): Promise<{ secret: string; token: Token; warnings: string[] }> {
    if (creator.token.usesLeft !== null)
      throw invalid('restricted-use', 'restricted use token cannot generate child tokens');
    this.mustBeSudo(creator, request);
    try {
      return await this.database.transaction((tx) => this.createIn(tx, creator, request, actor));
    } catch (error) {
      if (violatedConstraint(error) !== 'tokens__token_hash') throw error;
      throw invalid('duplicate-id', 'cannot create a token with a duplicate ID');
    }
  }

  private mustBeSudo({ sudo }: TokenCreator, { id, noParent, period, roleName }: TokenRequest): void {
    if (sudo) return;
    const needed = 'root or sudo privileges required to';
    if (id !== '') throw invalid('sudo-needed', `${needed} specify token id`);
    if (noParent && roleName === null) throw invalid('sudo-needed', `${needed} create orphan token`);
    if (period > 0) throw invalid('sudo-needed', `${needed} create periodic token`);
  }

  private async createIn(tx: Transaction, creator: TokenCreator, request: TokenRequest, actor: Actor) {
    const parent = await this.tokens.hold(tx, creator.token);
    if (parent === null) throw new DomainError('unauthenticated', 'parent-ended', 'permission denied');
    const role = await this.roleOf(tx, request.roleName);
    const orphan = role === null ? request.noParent || request.orphan : role.orphan;
    const { policies, judged } = policiesOfNewToken({
      wanted: request.policies,
      noDefaultPolicy: request.noDefaultPolicy,
      parent: parent.policies,
      sudo: creator.sudo,
      orphan,
      role,
    });
    await this.authority.mustHandOut(tx, creator.authority, judged);
    const inherited = orphan ? NOTHING_INHERITED : inheritedFrom(parent);
    const person =
      request.entityAlias === ''
        ? inherited
        : await this.personOf(tx, creator, parent, orphan, role, request);
    if (person.principalId !== null)
      await this.denials.mustAnswerForBearer(tx, creator.authority, person.principalId, policies);
    const life = await this.lifeOf(request, role, policies.includes('root'));
    if (life.ttl === null && parent.expiresAt !== null && orphan)
      throw invalid('expiring-root', 'expiring root tokens cannot create non-expiring root tokens');
    const warnings = [...life.warnings, ...this.cutByParent(inherited.endsBy, life.ttl)];
    const wanted: NewToken = {
      origin: 'vault',
      ...(request.id === '' ? {} : { secret: request.id }),
      ...person,
      policies,
      metadata: request.metadata,
      path: pathOf(request, role),
      displayName: displayNameOf(request.displayName),
      usesLeft: role?.numUses || request.usesLeft || null,
      orphan,
      renewable: request.renewable && (role?.renewable ?? true) && (life.ttl ?? inherited.endsBy) !== null,
      ttl: life.ttl,
      period: life.period,
      explicitMaxTtl: life.explicitMaxTtl,
      boundCidrs: rangesOf(inherited.boundCidrs, role),
      clientAddress: actor.clientAddress ?? '',
      role: role?.name ?? null,
    };
    return { ...(await this.tokens.issue(tx, wanted, actor)), warnings };
  }

  private async roleOf(tx: Transaction, name: string | null): Promise<TokenRole | null> {
    if (name === null) return null;
    const role = await this.roles.find(name, tx);
    if (role === null) throw invalid('unknown-role', `unknown role ${name}`);
    return role;
  }

  /** The person of an `entity_alias`, without its factors (S43). It belongs to no user: it opens nothing at `/admin`. */
  private async personOf(
    tx: Transaction,
    creator: TokenCreator,
    parent: Token,
    orphan: boolean,
    role: TokenRole | null,
    { entityAlias }: TokenRequest,
  ) {
    // The stamps of the parent's person would not end what belongs to another (S41).
    if (!orphan && parent.principalId !== null)
      throw invalid('alias-of-child', "'entity_alias' needs a role that creates orphan tokens");
    const principalId = await this.aliased.find(tx, entityAlias, role, creator.authority);
    return { ...(orphan ? NOTHING_INHERITED : inheritedFrom(parent)), principalId, factors: [] };
  }

  private async lifeOf(request: TokenRequest, role: TokenRole | null, root: boolean): Promise<TokenLife> {
    const mount = await this.mounts.findAttached('token');
    const maxTtl = mount?.maxLeaseTtl || MAX_TTL;
    return lifeOfNewToken({
      ttl: request.ttl,
      period: request.period,
      explicitMaxTtl: request.explicitMaxTtl,
      rolePeriod: role?.period ?? 0,
      roleExplicitMaxTtl: role?.explicitMaxTtl ?? 0,
      defaultTtl: Math.min(mount?.defaultLeaseTtl || MAX_TTL, maxTtl),
      maxTtl,
      root,
    });
  }

  private cutByParent(endsBy: Date | null, ttl: number | null): string[] {
    const now = this.clock.now();
    if (endsBy === null || ttl === null || after(now, ttl) <= endsBy) return [];
    return [cutToParent(ttl, Math.max(0, Math.floor((endsBy.getTime() - now.getTime()) / 1000)))];
  }
}

const NOTHING_INHERITED = {
  principalId: null,
  accountId: null,
  localUserId: null,
  mountId: null,
  parentId: null,
  factors: [],
  endsBy: null as Date | null,
  boundCidrs: [] as string[],
  get sessionId(): string {
    return randomUUID();
  },
};

function inheritedFrom(parent: Token) {
  return {
    principalId: parent.principalId,
    accountId: parent.accountId,
    localUserId: parent.localUserId,
    mountId: parent.mountId,
    parentId: parent.id,
    factors: parent.factors,
    endsBy: parent.expiresAt,
    boundCidrs: parent.boundCidrs,
    sessionId: parent.sessionId,
  };
}

/** A role narrows what a child inherits and binds an orphan. */
function rangesOf(inherited: string[], role: TokenRole | null): string[] {
  if (role === null || role.boundCidrs.length === 0) return inherited;
  if (inherited.length === 0) return role.boundCidrs;
  const common = commonRanges(inherited, role.boundCidrs);
  if (common.length === 0)
    throw invalid('no-common-range', "the role's token_bound_cidrs lie outside those of the parent");
  return common;
}

function pathOf({ path }: TokenRequest, role: TokenRole | null): string {
  return `auth/token/${path}${role?.pathSuffix ? `/${role.pathSuffix}` : ''}`;
}

/** `token-<x>`, anything but letters, digits and `-` made a `-`; `token` where none is given. */
function displayNameOf(name: string): string {
  return name === '' ? 'token' : `token-${name}`.replaceAll(/[^a-zA-Z0-9-]/g, '-').replace(/-$/, '');
}

function invalid(code: string, text: string): DomainError {
  return new DomainError('invalid', code, text);
}
