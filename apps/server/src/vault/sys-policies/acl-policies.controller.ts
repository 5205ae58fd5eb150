import { Delete, Get, Post, Req, Search } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { Access } from '../../http/access.js';
import { Answer } from '../wire/answer.js';
import { Fields } from '../wire/fields.js';
import { Describe } from '../wire/route-docs.js';
import { VaultRoutes } from '../wire/vault-routes.js';
import { PolicyAdministration, REMOVE_REFUSALS, WRITE_REFUSALS } from './policy-administration.js';
import { AclPolicyFields, PolicyNameFields, PolicyNamesView, PolicyView } from './policy.dto.js';

const NAME = { name: 'The policy; names are lower-cased and may have parts, divided by `/`.' };

/** ACL policies (§11, §12). */
@VaultRoutes('sys/policies/acl', 'ACL policies')
export class AclPoliciesController {
  constructor(private readonly policies: PolicyAdministration) {}

  @Search()
  @Access({ kind: 'capability', capability: 'list' })
  @Describe({
    summary: 'List the policies',
    data: PolicyNamesView,
    example: { keys: ['default', 'operators', 'root'] },
  })
  async list(): Promise<Answer> {
    return Answer.list(await this.policies.names());
  }

  @Get(':name')
  @Access({ kind: 'capability', capability: 'read' })
  @Describe({ summary: 'Read a policy', params: NAME, data: PolicyView, refuses: { 404: [''] } })
  async read(@Fields() { name }: PolicyNameFields): Promise<Answer> {
    const found = await this.policies.find(name);
    return Answer.found(found && { name: found.name, policy: found.text });
  }

  @Post(':name')
  @Access({ kind: 'capability', capability: 'update' })
  @Describe({
    summary: 'Create or replace a policy',
    description:
      'In force with the next request. Whoever writes a policy must themselves be allowed everything it grants, and everything that comes into force where it no longer forbids.',
    params: NAME,
    body: AclPolicyFields,
    refuses: WRITE_REFUSALS,
  })
  async write(
    @Fields() { name, policy }: AclPolicyFields,
    @Req() request: FastifyRequest,
  ): Promise<Answer | undefined> {
    return this.policies.write(name, policy, request);
  }

  @Delete(':name')
  @Access({ kind: 'capability', capability: 'delete' })
  @Describe({
    summary: 'Delete a policy; 204 also where there is none',
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
