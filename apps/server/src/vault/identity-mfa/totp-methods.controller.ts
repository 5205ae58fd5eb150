import { Delete, Get, Post, Req } from '@nestjs/common';
import { MfaMethodsService } from '@sallyport/mfa-methods';
import { DomainError } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { isUuid } from '../wire/uuid.js';
import { multiError, refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { totpConfigFrom } from './totp-config-fields.js';
import { TotpMethodFields } from './totp-method.dto.js';
import { NewMethodView, TotpMethodView } from './totp-method-view.dto.js';

const ID = { method_id: 'The method: a lowercase UUID.' };
const UNSUPPORTED = multiError('unsupported path');
const TAKEN = 'a login MFA method configuration with the method name work already exists';
const FIELD_RULES = [
  'unrecognized algorithm',
  'digits can only be 6 or 8',
  'period must be greater than zero',
  'period must be at most 60',
  'skew must be 0 or 1',
  'key_size must be greater than zero',
  'issuer must be set',
  'max_validation_attempts must be greater than zero',
  'account_name template is invalid: unknown template parameter',
  'built-in MFA method cannot be changed',
];

/** TOTP methods: create and replace (§5.1, §5.2). */
@VaultRoutes('identity/mfa/method/totp', { mountType: 'identity' }, 'MFA methods')
export class TotpMethodsController {
  constructor(private readonly methods: MfaMethodsService) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create a TOTP method, or replace the one of that name',
    body: TotpMethodFields,
    data: NewMethodView,
    refuses: { 400: [...FIELD_RULES, TAKEN] },
  })
  async create(@Fields() fields: TotpMethodFields, @Req() request: FastifyRequest): Promise<Answer> {
    const config = totpConfigFrom(fields);
    return Answer.data({
      method_id: await this.methods.createTotp(fields.method_name ?? '', config, actorOf(request)),
    });
  }

  @Get()
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'Refused: which method?',
    data: TotpMethodView,
    refuses: { 400: ['missing method ID'] },
  })
  readNone(): never {
    throw refuse(400, 'missing method ID');
  }

  @Delete()
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({ summary: 'Refused: which method?', refuses: { 400: ['missing method ID'] } })
  removeNone(): never {
    throw refuse(400, 'missing method ID');
  }

  @Post(':method_id')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Replace a TOTP method: what is not sent returns to its default, but for the name',
    params: ID,
    body: TotpMethodFields,
    refuses: { 400: [...FIELD_RULES, multiError(TAKEN)], 404: ['', UNSUPPORTED] },
  })
  async replace(@Fields() fields: TotpMethodFields, @Req() request: FastifyRequest): Promise<void> {
    const id = fields.method_id ?? '';
    if (!isUuid(id)) throw refuse(404, UNSUPPORTED);
    try {
      await this.methods.replaceTotp(
        id,
        fields.method_name ?? null,
        totpConfigFrom(fields),
        actorOf(request),
      );
    } catch (error) {
      // Upstream wraps this text here, and not on create (§5.1).
      if (!(error instanceof DomainError) || error.code !== 'method-name-taken') throw error;
      throw refuse(400, multiError(error.message));
    }
  }
}
