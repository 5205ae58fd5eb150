import { Post, Req } from '@nestjs/common';
import { FactorResetService, FreshProofService } from '@sallyport/auth';
import { EntitiesService } from '@sallyport/identity';
import { type MfaMethod, MfaMethodsService, type OwnProof, TotpKeysService } from '@sallyport/mfa-methods';
import { DomainError, type Transaction } from '@sallyport/platform';
import { VaultAuthorityService } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { authorityOf } from '../wire/authority.js';
import { actorOf, tokenOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { isUuid } from '../wire/uuid.js';
import { multiError, refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { MethodEntityFields, MethodIdFields } from './totp-method.dto.js';
import { TotpSecretView } from './totp-method-view.dto.js';

const NO_METHOD = 'configuration for method ID "b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e402" does not exist';
const GENERATE_ERRORS = ['missing method ID', 'missing entityID', NO_METHOD, 'invalid entity ID'];
/** Names nobody: stands for an id that is no UUID. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** TOTP secrets: made for oneself, made and destroyed for others (§5.4). */
@VaultRoutes('identity/mfa/method/totp', 'MFA methods')
export class TotpKeysController {
  constructor(
    private readonly keys: TotpKeysService,
    private readonly methods: MfaMethodsService,
    private readonly entities: EntitiesService,
    private readonly resets: FactorResetService,
    private readonly authorities: VaultAuthorityService,
    private readonly fresh: FreshProofService,
  ) {}

  @Post('generate')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Make an authenticator for the caller; its secret is shown this once',
    description:
      'Where there is one already: `data` is null and a warning says so. Whoever has other factors has proven one of them in the ' +
      'last five minutes, at the login that made the token; without any, the enrolment window, where one is set, must be open.',
    body: MethodIdFields,
    data: TotpSecretView,
    refuses: { 400: [...GENERATE_ERRORS, 'self-enrollment is closed for this entity'] },
  })
  async generate(@Fields() { method_id }: MethodIdFields, @Req() request: FastifyRequest): Promise<Answer> {
    const { principalId, factors } = tokenOf(request);
    const own = { provenMethodIds: this.fresh.provenFactors({ factors }) };
    return this.make(method_id, principalId ?? '', request, own);
  }

  @Post('admin-generate')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Make an authenticator for an entity; its secret is shown this once',
    body: MethodEntityFields,
    data: TotpSecretView,
    refuses: { 400: [...GENERATE_ERRORS, 'authenticators are made by their owners only'] },
  })
  async generateFor(@Fields() fields: MethodEntityFields, @Req() request: FastifyRequest): Promise<Answer> {
    return this.make(fields.method_id, fields.entity_id, request);
  }

  @Post('admin-destroy')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary:
      "Destroy an entity's authenticator, its failures and the person's tokens; 204 also where there is none",
    description:
      'Of oneself: only where the login that made the token has proven a factor in the last five minutes.',
    body: MethodEntityFields,
    refuses: {
      400: [
        'missing method ID',
        'missing entity ID',
        'invalid entity ID',
        NO_METHOD,
        multiError('method ID does not match TOTP type'),
      ],
    },
  })
  async destroy(
    @Fields() { method_id, entity_id }: MethodEntityFields,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    if (method_id === '') throw refuse(400, 'missing method ID');
    if (entity_id === '') throw refuse(400, 'missing entity ID');
    const entity = isUuid(entity_id) ? await this.entities.find(entity_id) : null;
    if (entity === null) throw refuse(400, 'invalid entity ID');
    const method = await this.find(method_id);
    if (method === null) throw noMethod(method_id);
    if (method.type !== 'totp') throw refuse(400, multiError('method ID does not match TOTP type'));
    const mayAct = async (tx: Transaction): Promise<void> => {
      await this.mayActOn(entity.id, request)(tx);
      await this.mustBeFresh(tx, entity.id, request);
    };
    await this.resets.reset(method.id, entity.id, actorOf(request), mayAct);
  }

  private async make(
    methodId: string,
    entityId: string,
    request: FastifyRequest,
    own: OwnProof | null = null,
  ): Promise<Answer> {
    if (methodId === '') throw refuse(400, 'missing method ID');
    if (entityId === '') throw refuse(400, 'missing entityID');
    if (!isUuid(methodId)) throw noMethod(methodId);
    const person = isUuid(entityId) ? entityId : NOBODY;
    const mayAct = own === null ? this.mayActOn(person, request) : undefined;
    const { key, methodName } = await this.keys.generate(methodId, person, actorOf(request), own, mayAct);
    if (key === null) return Answer.warning(`Entity already has a secret for MFA method "${methodName}"`);
    return Answer.data(key);
  }

  /** Nobody gives a factor to, or takes one from, somebody who may do more (S49). */
  private mayActOn(entityId: string, request: FastifyRequest) {
    const authority = authorityOf(request);
    return async (tx: Transaction): Promise<void> => {
      await this.authorities.begin(tx);
      await this.authorities.mustReach(tx, authority, entityId);
    };
  }

  /** One's own factor goes only for a proof of the last five minutes (S61). */
  private async mustBeFresh(tx: Transaction, entityId: string, request: FastifyRequest): Promise<void> {
    const { principalId, factors } = tokenOf(request);
    if (principalId !== entityId || (await this.fresh.includesFactor({ principalId, factors }, tx))) return;
    throw new DomainError('forbidden', 'proof-too-old', 'permission denied');
  }

  private async find(id: string): Promise<MfaMethod | null> {
    const method = isUuid(id) ? await this.methods.find(id) : null;
    return method?.offeredAt.includes('vault') ? method : null;
  }
}

function noMethod(id: string): Error {
  return refuse(400, `configuration for method ID "${id}" does not exist`);
}
