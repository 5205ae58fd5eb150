import { Post, Req } from '@nestjs/common';
import {
  type PingidConfig,
  type MethodSettings,
  MfaMethodsService,
  readPingidSettings,
} from '@sallyport/mfa-methods';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import type { Answer } from '../wire/answer.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { multiError } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { PingidMethodFields } from './pingid-method.dto.js';
import { createMethod, NAME_TAKEN, replaceMethod, usernameFormatOf, VENDOR_RULES } from './method-writing.js';
import { NewMethodView } from './totp-method-view.dto.js';

const RULES = [
  'settings_file_base64 is empty',
  'settings_file_base64 is not base64',
  'unknown key "x" in pingid settings file',
  'pingid settings file has a line that is not key=value',
  'use_signature in pingid settings file is not true or false',
  ...VENDOR_RULES,
];

/** PingID methods: create and replace (§5.1, §5.3). */
@VaultRoutes('identity/mfa/method/pingid', 'MFA methods')
export class PingidMethodsController {
  constructor(private readonly methods: MfaMethodsService) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create a PingID method, or replace the one of that name',
    body: PingidMethodFields,
    data: NewMethodView,
    refuses: { 400: [...RULES, NAME_TAKEN] },
  })
  create(@Fields() fields: PingidMethodFields, @Req() request: FastifyRequest): Promise<Answer> {
    return createMethod(this.methods, fields, settingsOf(fields), request);
  }

  @Post(':method_id')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary:
      'Replace a PingID method: what is not sent returns to its default, but for the name and `username_format`',
    params: { method_id: 'The method: a lowercase UUID.' },
    body: PingidMethodFields,
    refuses: { 400: [...RULES, multiError(NAME_TAKEN)], 404: ['', multiError('unsupported path')] },
  })
  replace(@Fields() fields: PingidMethodFields, @Req() request: FastifyRequest): Promise<void> {
    return replaceMethod(this.methods, fields, () => settingsOf(fields), request);
  }
}

/** What a write means: unspecified fields are at their defaults. */
function settingsOf(fields: PingidMethodFields): MethodSettings {
  const { usernameFormat, kept } = usernameFormatOf(fields.username_format);
  const { config, secrets } = readPingidSettings(fields.settings_file_base64);
  const whole: PingidConfig = { ...config, usernameFormat };
  return { type: 'pingid', config: whole, kept, secrets };
}
