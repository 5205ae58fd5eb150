import { Post, Req } from '@nestjs/common';
import { type DuoConfig, type MethodSettings, MfaMethodsService } from '@sallyport/mfa-methods';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import type { Answer } from '../wire/answer.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { multiError } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { DuoMethodFields } from './duo-method.dto.js';
import { createMethod, NAME_TAKEN, replaceMethod, usernameFormatOf, VENDOR_RULES } from './method-writing.js';
import { NewMethodView } from './totp-method-view.dto.js';

const RULES = ['secret_key is empty', 'integration_key is empty', 'api_hostname is empty', ...VENDOR_RULES];

/** Duo methods: create and replace (§5.1, §5.3). */
@VaultRoutes('identity/mfa/method/duo', 'MFA methods')
export class DuoMethodsController {
  constructor(private readonly methods: MfaMethodsService) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create a Duo method, or replace the one of that name',
    body: DuoMethodFields,
    data: NewMethodView,
    refuses: { 400: [...RULES, NAME_TAKEN] },
  })
  create(@Fields() fields: DuoMethodFields, @Req() request: FastifyRequest): Promise<Answer> {
    return createMethod(this.methods, fields, settingsOf(fields), request);
  }

  @Post(':method_id')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary:
      'Replace a Duo method: what is not sent returns to its default, but for the name and `username_format`',
    params: { method_id: 'The method: a lowercase UUID.' },
    body: DuoMethodFields,
    refuses: { 400: [...RULES, multiError(NAME_TAKEN)], 404: ['', multiError('unsupported path')] },
  })
  replace(@Fields() fields: DuoMethodFields, @Req() request: FastifyRequest): Promise<void> {
    return replaceMethod(this.methods, fields, () => settingsOf(fields), request);
  }
}

/** What a write means: unspecified fields are at their defaults. */
function settingsOf(fields: DuoMethodFields): MethodSettings {
  const { usernameFormat, kept } = usernameFormatOf(fields.username_format);
  const config: DuoConfig = {
    apiHostname: fields.api_hostname,
    pushInfo: fields.push_info,
    usePasscode: fields.use_passcode,
    usernameFormat,
  };
  const secrets = { integrationKey: fields.integration_key, secretKey: fields.secret_key };
  return { type: 'duo', config, kept, secrets };
}
