import { HttpCode, Post, Req } from '@nestjs/common';
import { ServiceTokenCreationService } from '@sallyport/auth';
import { canonicalName } from '@sallyport/identity';
import { Clock } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { authorityOf } from '../wire/authority.js';
import { actorOf, tokenOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { policyNames } from '../wire/policy-names.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { wireMap } from '../wire/wire-time.js';
import { AuthView } from './auth.dto.js';
import { roleName } from './role-name.js';
import { CreateRoleTokenFields, CreateTokenFields } from './token-create.dto.js';
import { TokenStanding } from './token-standing.js';
import { authView } from './token-view.js';

const REFUSALS = [
  'restricted use token cannot generate child tokens',
  'child policies must be subset of parent',
  'root tokens may not be created without parent token being root',
  'root or sudo privileges required to specify token id',
  'root or sudo privileges required to create orphan token',
  'root or sudo privileges required to create periodic token',
  'expiring root tokens cannot create non-expiring root tokens',
  'batch tokens are not supported',
];
const CREATE = {
  description:
    'Without policies it has those of its parent. A child ends no later than its parent and dies with it; an orphan has no person, ' +
    'no addresses and no completed factors.',
  body: CreateTokenFields,
  auth: AuthView,
  refuses: { 400: REFUSALS },
};

/** What a route says beside the fields. */
interface Creation {
  path: string;
  orphan?: boolean;
  role?: string;
}

/** Tokens made of tokens (§9). */
@VaultRoutes('auth/token', 'tokens')
export class TokenCreationController {
  constructor(
    private readonly creation: ServiceTokenCreationService,
    private readonly standing: TokenStanding,
    private readonly clock: Clock,
  ) {}

  @Post('create')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Create a child token', ...CREATE })
  async create(@Fields() fields: CreateTokenFields, @Req() request: FastifyRequest): Promise<Answer> {
    return this.issue(fields, request, { path: 'create' });
  }

  @Post('create-orphan')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({ summary: 'Create an orphan token', ...CREATE })
  async createOrphan(@Fields() fields: CreateTokenFields, @Req() request: FastifyRequest): Promise<Answer> {
    return this.issue(fields, request, { path: 'create-orphan', orphan: true });
  }

  @Post('create/:role_name')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create a token by a role',
    ...CREATE,
    params: { role_name: 'The role.' },
    body: CreateRoleTokenFields,
    refuses: {
      400: [
        ...REFUSALS,
        'unknown role ci',
        'token policy "admin" is disallowed by this role',
        "invalid 'entity_alias' value",
      ],
    },
  })
  async createByRole(
    @Fields() fields: CreateRoleTokenFields,
    @Req() request: FastifyRequest,
  ): Promise<Answer> {
    const role = roleName(fields.role_name);
    return this.issue(fields, request, { path: `create/${role}`, role });
  }

  private async issue(fields: CreateTokenFields, request: FastifyRequest, route: Creation): Promise<Answer> {
    const creator = {
      token: tokenOf(request),
      sudo: await this.standing.isSudo(request),
      authority: authorityOf(request),
    };
    const wanted = {
      id: fields.id,
      policies: policyNames(fields.policies),
      noDefaultPolicy: fields.no_default_policy,
      noParent: fields.no_parent,
      orphan: route.orphan ?? false,
      roleName: route.role ?? null,
      entityAlias: canonicalName(fields.entity_alias.trim()),
      metadata: wireMap(fields.meta),
      displayName: fields.display_name,
      usesLeft: fields.num_uses,
      renewable: fields.renewable,
      ttl: fields.ttl || fields.lease,
      period: fields.period,
      explicitMaxTtl: fields.explicit_max_ttl,
      path: route.path,
    };
    const { secret, token, warnings } = await this.creation.create(creator, wanted, actorOf(request));
    return Answer.auth(authView(token, secret, this.clock.now()), [
      ...warnings,
      ...(await this.standing.warnings(token.policies)),
    ]);
  }
}
