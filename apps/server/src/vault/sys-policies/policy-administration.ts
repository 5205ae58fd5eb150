import { Injectable } from '@nestjs/common';
import { type AclPolicy, AclPoliciesService } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { Answer } from '../wire/answer.js';
import { aclSubjectOf, actorOf } from '../wire/caller.js';
import { policyName } from './policy-name.js';
import { policyText } from './policy-text.js';

/** What a route of policies may be refused with, for the documentation. */
export const WRITE_REFUSALS = {
  400: [
    "'policy' parameter not supplied or empty",
    'failed to parse policy: At 1:12: path "a": invalid key "capabilties"',
    'cannot update "root" policy',
    'invalid policy name',
  ],
};
export const REMOVE_REFUSALS = { 400: ['cannot delete "root" policy', 'cannot delete default policy'] };

/** What `sys/policies/acl` and the older `sys/policy` have in common. */
@Injectable()
export class PolicyAdministration {
  constructor(private readonly policies: AclPoliciesService) {}

  /** All names; `root` is no text, yet it is there. */
  async names(): Promise<string[]> {
    return [...(await this.policies.names()), 'root'];
  }

  async find(sent: string): Promise<AclPolicy | null> {
    const { name } = policyName(sent);
    return name === 'root' ? { name, text: '' } : this.policies.find(name);
  }

  async write(
    sent: string,
    text: string | undefined,
    request: FastifyRequest,
    remarks: readonly string[] = [],
  ): Promise<Answer | undefined> {
    const { name, warnings } = policyName(sent);
    await this.policies.write(name, policyText(text), aclSubjectOf(request), actorOf(request));
    const all = [...remarks, ...warnings];
    return all.length === 0 ? undefined : Answer.warning(...all);
  }

  async remove(sent: string, request: FastifyRequest): Promise<Answer | undefined> {
    const { name, warnings } = policyName(sent);
    await this.policies.remove(name, aclSubjectOf(request), actorOf(request));
    return warnings.length === 0 ? undefined : Answer.warning(...warnings);
  }
}
