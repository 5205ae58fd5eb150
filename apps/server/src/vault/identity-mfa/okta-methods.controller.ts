import { Post, Req } from '@nestjs/common';
import {
  type OktaConfig,
  type MethodSettings,
  MfaMethodsService,
  OKTA_BASE_URL,
} from '@sallyport/mfa-methods';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import type { Answer } from '../wire/answer.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { multiError } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { OktaMethodFields } from './okta-method.dto.js';
import { createMethod, NAME_TAKEN, replaceMethod, usernameFormatOf, VENDOR_RULES } from './method-writing.js';
import { NewMethodView } from './totp-method-view.dto.js';

const RULES = ['org_name must be set', 'api_token must be set', ...VENDOR_RULES];

/** Okta methods: create and replace (§5.1, §5.3). */
@VaultRoutes('identity/mfa/method/okta', 'MFA methods')
export class OktaMethodsController {
  constructor(private readonly methods: MfaMethodsService) {}

  @Post()
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create an Okta method, or replace the one of that name',
    body: OktaMethodFields,
    data: NewMethodView,
    refuses: { 400: [...RULES, NAME_TAKEN] },
  })
  create(@Fields() fields: OktaMethodFields, @Req() request: FastifyRequest): Promise<Answer> {
    return createMethod(this.methods, fields, settingsOf(fields), request);
  }

  @Post(':method_id')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary:
      'Replace an Okta method: what is not sent returns to its default, but for the name and `username_format`',
    params: { method_id: 'The method: a lowercase UUID.' },
    body: OktaMethodFields,
    refuses: { 400: [...RULES, multiError(NAME_TAKEN)], 404: ['', multiError('unsupported path')] },
  })
  replace(@Fields() fields: OktaMethodFields, @Req() request: FastifyRequest): Promise<void> {
    return replaceMethod(this.methods, fields, () => settingsOf(fields), request);
  }
}

/** What a write means: unspecified fields are at their defaults. */
function settingsOf(fields: OktaMethodFields): MethodSettings {
  const { usernameFormat, kept } = usernameFormatOf(fields.username_format);
  const { base_url, production } = fields;
  const config: OktaConfig = {
    orgName: fields.org_name,
    baseUrl: base_url || (production === undefined ? OKTA_BASE_URL : null),
    production: production ?? null,
    primaryEmail: fields.primary_email,
    usernameFormat,
  };
  return { type: 'okta', config, kept, secrets: { apiToken: fields.api_token } };
}
