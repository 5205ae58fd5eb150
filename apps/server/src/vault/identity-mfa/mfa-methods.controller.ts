import { Delete, Get, Req, Search } from '@nestjs/common';
import { type MfaMethod, MfaMethodsService } from '@sallyport/mfa-methods';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { actorOf } from '../wire/caller.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { isUuid } from '../wire/uuid.js';
import { multiError, refuse } from '../wire/vault-error.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { noMethodId } from './method-path.js';
import { methodType } from './method-type.js';
import { methodView } from './method-view.js';
import { MethodIdFields, MethodTypeFields, TypedMethodFields } from './totp-method.dto.js';
import { TotpMethodView } from './totp-method-view.dto.js';

const TYPE = { type: 'totp, duo, okta or pingid.' };
const ID = { method_id: 'The method: a lowercase UUID.' };
const SHOWN =
  'The keys beside the common ones depend on the type. duo: `api_hostname`, `pushinfo`, `mount_accessor`, `username_format`, ' +
  '`use_passcode`; okta: `org_name`, `base_url` (or `production`), `mount_accessor`, `username_format`; pingid: `use_signature`, ' +
  '`idp_url`, `org_alias`, `admin_url`, `authenticator_url`; totp as described. Secrets are never shown.';
const UNSUPPORTED = multiError('unsupported path');

/** MFA methods of every type: list, read, delete (§5, §5.1). */
@VaultRoutes('identity/mfa/method', 'MFA methods')
export class MfaMethodsController {
  constructor(private readonly methods: MfaMethodsService) {}

  @Search()
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({
    summary: 'List the methods of all types; `default` is always among them',
    description: SHOWN,
    list: TotpMethodView,
  })
  async list(): Promise<Answer> {
    return listed(await this.methods.listForVault());
  }

  @Search(':type')
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({
    summary: 'List the methods of a type',
    description: SHOWN,
    params: TYPE,
    list: TotpMethodView,
    refuses: { 404: ['', UNSUPPORTED] },
  })
  async listOfType(@Fields() { type }: MethodTypeFields): Promise<Answer> {
    return listed(await this.methods.listForVault(methodType(type)));
  }

  @Get(':method_id')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'Read a method of any type',
    description: SHOWN,
    params: ID,
    data: TotpMethodView,
    refuses: { 404: ['', UNSUPPORTED] },
  })
  async read(@Fields() { method_id }: MethodIdFields): Promise<Answer> {
    return Answer.data(methodView(await this.get(method_id)));
  }

  @Get(':type/:method_id')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'Read a method of this type',
    description: SHOWN,
    params: { ...TYPE, ...ID },
    data: TotpMethodView,
    refuses: { 400: ['failed to find the method ID under MFA type totp.'], 404: ['', UNSUPPORTED] },
  })
  async readOfType(@Fields() { type, method_id }: TypedMethodFields): Promise<Answer> {
    const wanted = methodType(type);
    if (!isUuid(method_id)) throw noMethodId(type, method_id);
    const method = await this.get(method_id);
    if (method.type !== wanted) throw refuse(400, `failed to find the method ID under MFA type ${type}.`);
    return Answer.data(methodView(method));
  }

  @Delete(':type/:method_id')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({
    summary: 'Delete a method with every seed of it',
    params: { ...TYPE, ...ID },
    refuses: {
      400: [
        multiError(
          'methodID is still used by an enforcement configuration with ID: 0b8f7b1e-5f43-4a3c-9a63-0c8f3d2f7a11',
        ),
        multiError('method type does not match the MFA config type'),
        'built-in MFA method cannot be deleted',
      ],
      404: [UNSUPPORTED],
    },
  })
  async remove(
    @Fields() { type, method_id }: TypedMethodFields,
    @Req() request: FastifyRequest,
  ): Promise<void> {
    if (!isUuid(method_id)) throw noMethodId(type, method_id);
    await this.methods.remove(methodType(type), method_id, actorOf(request));
  }

  private async get(id: string): Promise<MfaMethod> {
    if (!isUuid(id)) throw refuse(404, UNSUPPORTED);
    const method = await this.methods.find(id);
    if (!method?.offeredAt.includes('vault')) throw refuse(404);
    return method;
  }
}

function listed(methods: MfaMethod[]): Answer {
  const ids = methods.map(({ id }) => id);
  return Answer.list(ids, Object.fromEntries(methods.map((method) => [method.id, methodView(method)])));
}
