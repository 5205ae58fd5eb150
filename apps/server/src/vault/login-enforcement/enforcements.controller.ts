import { Delete, Get, Post, Req, Search } from '@nestjs/common';
import { ADMIN_MFA, LoginEnforcementsService } from '@sallyport/mfa-methods';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { multiError, refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { AdminMfaEnforcement } from './admin-mfa-enforcement.js';
import { EnforcementFields, EnforcementNameFields, EnforcementView } from './enforcement.dto.js';
import { enforcementView } from './enforcement-view.js';

const NAME = { name: 'Word characters, `-` and `.`; first and last a word character.' };
const UNSUPPORTED = multiError('unsupported path');

/** Which logins owe which MFA methods (§6). */
@VaultRoutes('identity/mfa/login-enforcement', 'login enforcement')
export class EnforcementsController {
  constructor(
    private readonly enforcements: LoginEnforcementsService,
    private readonly adminMfa: AdminMfaEnforcement,
  ) {}

  @Search()
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({ summary: 'List the enforcements', list: EnforcementView })
  async list(): Promise<Answer> {
    const own = await this.adminMfa.find();
    const views = [...(own === null ? [] : [own]), ...(await this.enforcements.list()).map(enforcementView)];
    return Answer.list(
      views.map(({ name }) => name),
      Object.fromEntries(views.map((view) => [view.name, view])),
    );
  }

  @Get(':name')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'Read an enforcement',
    params: NAME,
    data: EnforcementView,
    refuses: { 404: ['', UNSUPPORTED] },
  })
  async read(@Fields() { name }: EnforcementNameFields): Promise<Answer> {
    mustBeName(name);
    if (name === ADMIN_MFA) return Answer.found(await this.adminMfa.find());
    const found = await this.enforcements.find(name);
    return Answer.found(found && enforcementView(found));
  }

  @Post(':name')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create or change an enforcement',
    params: NAME,
    body: EnforcementFields,
    refuses: {
      400: [
        'missing method ids',
        "one of the provided method ids doesn't exist",
        'one of the auth method accessors provided is invalid',
        'one of the auth method types provided is invalid',
        "one of the provided group ids doesn't exist",
        "one of the provided entity ids doesn't exist",
        'One of auth_method_accessors, auth_method_types, identity_group_ids, identity_entity_ids must be specified',
        'enforcement name is reserved',
      ],
      404: [UNSUPPORTED],
    },
  })
  async write(@Fields() fields: EnforcementFields, @Req() request: FastifyRequest): Promise<void> {
    mustBeName(fields.name);
    const values = {
      mfaMethodIds: fields.mfa_method_ids,
      authMethodAccessors: fields.auth_method_accessors,
      authMethodTypes: fields.auth_method_types,
      identityGroupIds: fields.identity_group_ids,
      identityEntityIds: fields.identity_entity_ids,
    };
    await this.enforcements.write(fields.name, values, actorOf(request));
  }

  @Delete(':name')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({
    summary: 'Delete an enforcement; 204 also where there is none',
    params: NAME,
    refuses: { 400: ['enforcement name is reserved'], 404: [UNSUPPORTED] },
  })
  async remove(@Fields() { name }: EnforcementNameFields, @Req() request: FastifyRequest): Promise<void> {
    mustBeName(name);
    await this.enforcements.remove(name, actorOf(request));
  }
}

function mustBeName(name: string): void {
  if (!/^\w(?:[\w.-]*\w)?$/.test(name)) throw refuse(404, UNSUPPORTED);
}
