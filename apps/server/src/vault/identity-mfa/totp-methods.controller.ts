import { Delete, Get, Post, Req } from '@nestjs/common';
import { type MethodSettings, MfaMethodsService } from '@sallyport/mfa-methods';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import type { Answer } from '../wire/answer.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { multiError, refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { createMethod, NAME_TAKEN, replaceMethod } from './method-writing.js';
import { totpConfigFrom } from './totp-config-fields.js';
import { TotpMethodFields } from './totp-method.dto.js';
import { NewMethodView, TotpMethodView } from './totp-method-view.dto.js';

const ID = { method_id: 'The method: a lowercase UUID.' };
const UNSUPPORTED = multiError('unsupported path');
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
@VaultRoutes('identity/mfa/method/totp', 'MFA methods')
export class TotpMethodsController {
  constructor(private readonly methods: MfaMethodsService) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create a TOTP method, or replace the one of that name',
    body: TotpMethodFields,
    data: NewMethodView,
    refuses: { 400: [...FIELD_RULES, NAME_TAKEN] },
  })
  create(@Fields() fields: TotpMethodFields, @Req() request: FastifyRequest): Promise<Answer> {
    return createMethod(this.methods, fields, settingsOf(fields), request);
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
    refuses: { 400: [...FIELD_RULES, multiError(NAME_TAKEN)], 404: ['', UNSUPPORTED] },
  })
  replace(@Fields() fields: TotpMethodFields, @Req() request: FastifyRequest): Promise<void> {
    return replaceMethod(this.methods, fields, () => settingsOf(fields), request);
  }
}

function settingsOf(fields: TotpMethodFields): MethodSettings {
  return { type: 'totp', config: totpConfigFrom(fields) };
}
