import { Delete, Get, Post, Req, Search } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { PolicyAdministration, REMOVE_REFUSALS, WRITE_REFUSALS } from './policy-administration.js';
import { OlderPolicyFields, OlderPolicyNamesView, OlderPolicyView, PolicyNameFields } from './policy.dto.js';

const NAME = { name: 'The policy; names are lower-cased and may have parts, divided by `/`.' };
const LIST = {
  summary: 'List the policies, the older path',
  data: OlderPolicyNamesView,
  example: { keys: ['default', 'root'], policies: ['default', 'root'] },
};

/** The same policies under the path hvac and node-vault know (§11). */
@VaultRoutes('sys/policy', 'ACL policies')
export class OlderPoliciesController {
  constructor(private readonly policies: PolicyAdministration) {}

  @Get()
  @Access({ kind: 'capability', capability: 'read' })
  @Describe(LIST)
  async readAll(): Promise<Answer> {
    const names = await this.policies.names();
    return Answer.data({ keys: names, policies: names });
  }

  @Search()
  @Access({ kind: 'capability', capability: 'list' })
  @Describe(LIST)
  async list(): Promise<Answer> {
    return this.readAll();
  }

  @Get(':name')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({
    summary: 'Read a policy, the older path',
    params: NAME,
    data: OlderPolicyView,
    refuses: { 404: [''] },
  })
  async read(@Fields() { name }: PolicyNameFields): Promise<Answer> {
    const found = await this.policies.find(name);
    return Answer.found(found && { name: found.name, rules: found.text });
  }

  @Post(':name')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create or replace a policy, the older path',
    description:
      "`rules` is the older name of `policy`: the answer is then 200 with the warning `'rules' is deprecated, please use 'policy' instead`.",
    params: NAME,
    body: OlderPolicyFields,
    refuses: WRITE_REFUSALS,
  })
  async write(
    @Fields() { name, policy, rules }: OlderPolicyFields,
    @Req() request: FastifyRequest,
  ): Promise<Answer | undefined> {
    if (policy || !rules) return this.policies.write(name, policy, request);
    const remark = "'rules' is deprecated, please use 'policy' instead";
    return this.policies.write(name, rules, request, [remark]);
  }

  @Delete(':name')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({
    summary: 'Delete a policy, the older path; 204 also where there is none',
    params: NAME,
    refuses: REMOVE_REFUSALS,
  })
  async remove(
    @Fields() { name }: PolicyNameFields,
    @Req() request: FastifyRequest,
  ): Promise<Answer | undefined> {
    return this.policies.remove(name, request);
  }
}
