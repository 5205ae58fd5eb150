import { HttpCode, Post, Req, Search } from '@nestjs/common';
import { ServiceRenewalService } from '@sallyport/auth';
import { Clock } from '@sallyport/platform';
import { type Token, TokenRevocationService, TokensService } from '@sallyport/tokens';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { multiError, refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { AuthView } from './auth.dto.js';
import {
  AccessorFields,
  LookUpFields,
  NoFields,
  RenewAccessorFields,
  RenewFields,
  TokenFields,
  TokenView,
} from './token.dto.js';
import { authView, tokenView } from './token-view.js';

const MISSING_ACCESSOR = multiError('missing accessor');
const INVALID_ACCESSOR = multiError('invalid accessor');
const RENEWAL_REFUSALS = [
  'lease is not renewable',
  multiError('original token role "ci" could not be found, not renewing'),
];

/**
 * What is done to another token, named by itself or by its accessor (§9). Looking up and renewing know the live tokens of `/v1` only:
 * unknown, ended, disabled, partial ones and those of `/admin` get one and the same answer (S42). Revoking knows those of `/admin` too.
 */
@VaultRoutes('auth/token', 'tokens')
export class TokenSubjectsController {
  constructor(
    private readonly tokens: TokensService,
    private readonly revocation: TokenRevocationService,
    private readonly renewals: ServiceRenewalService,
    private readonly clock: Clock,
  ) {}

  @Post('lookup')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Look up a token',
    body: LookUpFields,
    data: TokenView,
    refuses: { 400: ['missing token ID'], 403: ['bad token'] },
  })
  async lookUp(@Fields() { token }: LookUpFields): Promise<Answer> {
    if (token === '') throw refuse(400, 'missing token ID');
    const found = await this.tokens.findBySecret(token, 'vault');
    if (found === null) throw refuse(403, 'bad token');
    return Answer.data(tokenView(found, token, this.clock.now()));
  }

  @Post('lookup-accessor')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Look up a token by its accessor; its `id` is empty',
    body: AccessorFields,
    data: TokenView,
    refuses: { 400: [MISSING_ACCESSOR, INVALID_ACCESSOR] },
  })
  async lookUpAccessor(@Fields() { accessor }: AccessorFields): Promise<Answer> {
    return Answer.data(tokenView(await this.byAccessor(accessor), '', this.clock.now()));
  }

  @Post('renew')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Renew a token',
    body: RenewFields,
    auth: AuthView,
    refuses: { 400: ['missing token ID', 'token not found', ...RENEWAL_REFUSALS] },
  })
  async renew(@Fields() { token, increment }: RenewFields, @Req() request: FastifyRequest): Promise<Answer> {
    if (token === '') throw refuse(400, 'missing token ID');
    const found = await this.tokens.findBySecret(token, 'vault');
    if (found === null) throw refuse(400, 'token not found');
    return this.renewed(found, token, increment, request);
  }

  @Post('renew-accessor')
  @HttpCode(200)
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Renew a token by its accessor; `client_token` is empty',
    body: RenewAccessorFields,
    auth: AuthView,
    refuses: { 400: [MISSING_ACCESSOR, INVALID_ACCESSOR, ...RENEWAL_REFUSALS] },
  })
  async renewAccessor(
    @Fields() { accessor, increment }: RenewAccessorFields,
    @Req() request: FastifyRequest,
  ): Promise<Answer> {
    return this.renewed(await this.byAccessor(accessor), '', increment, request);
  }

  @Post('revoke')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Revoke a token of either dialect and its children; 204 also for an unknown one',
    body: TokenFields,
    refuses: { 400: ['missing token ID'] },
  })
  async revoke(@Fields() { token }: TokenFields, @Req() request: FastifyRequest): Promise<void> {
    if (token === '') throw refuse(400, 'missing token ID');
    const found = await this.tokens.findBySecret(token);
    if (found !== null) await this.revocation.revoke(found, actorOf(request));
  }

  @Post('revoke-accessor')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Revoke a token of either dialect by its accessor, and its children',
    description: 'An unknown one answers 200 with the warning `No token found with this accessor`.',
    body: AccessorFields,
    refuses: { 400: [MISSING_ACCESSOR] },
  })
  async revokeAccessor(
    @Fields() { accessor }: AccessorFields,
    @Req() request: FastifyRequest,
  ): Promise<Answer | void> {
    if (accessor === '') throw refuse(400, MISSING_ACCESSOR);
    const found = await this.tokens.findByAccessor(accessor);
    if (found === null) return Answer.warning('No token found with this accessor');
    return this.revocation.revoke(found, actorOf(request));
  }

  @Post('revoke-orphan')
  @Access({ kind: 'capability', capability: 'update', sudo: true })
  @Describe({
    summary: 'Revoke a token of either dialect alone; its children become orphans',
    body: TokenFields,
    refuses: { 400: ['missing token ID', 'token to revoke not found'] },
  })
  async revokeOrphan(@Fields() { token }: TokenFields, @Req() request: FastifyRequest): Promise<void> {
    if (token === '') throw refuse(400, 'missing token ID');
    const found = await this.tokens.findBySecret(token);
    if (found === null) throw refuse(400, 'token to revoke not found');
    await this.revocation.revokeAlone(found, actorOf(request));
  }

  @Search('accessors')
  @Access({ kind: 'capability', capability: 'list', sudo: true })
  @Describe({ summary: 'List the accessors of all live tokens of this dialect', list: NoFields })
  async listAccessors(@Fields() _: NoFields): Promise<Answer> {
    return Answer.list(await this.tokens.accessors());
  }

  private async byAccessor(accessor: string): Promise<Token> {
    if (accessor === '') throw refuse(400, MISSING_ACCESSOR);
    const found = await this.tokens.findByAccessor(accessor, 'vault');
    if (found === null) throw refuse(400, INVALID_ACCESSOR);
    return found;
  }

  private async renewed(
    token: Token,
    secret: string,
    increment: number,
    request: FastifyRequest,
  ): Promise<Answer> {
    const renewed = await this.renewals.renew(token, increment, actorOf(request));
    return Answer.auth(authView(renewed, secret, this.clock.now()));
  }
}
