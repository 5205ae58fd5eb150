import { Injectable } from '@nestjs/common';
import { AclPoliciesService, AclService } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { aclSubjectOf } from '../wire/caller.js';
import { policyPath } from '../wire/request-url.js';

/** What the ACL says of a request for a token beside whether it may be made. */
@Injectable()
export class TokenStanding {
  constructor(
    private readonly acl: AclService,
    private readonly policies: AclPoliciesService,
  ) {}

  /** Whether the caller's policies give `sudo` on the request's path (§9). */
  async isSudo(request: FastifyRequest): Promise<boolean> {
    const path = policyPath(request.url, request.isList);
    return (await this.acl.capabilitiesOn(aclSubjectOf(request), path)).includes('sudo');
  }

  /** What is said of policies nobody has written: they grant nothing. */
  async warnings(names: readonly string[]): Promise<string[]> {
    const missing = await this.policies.missing(names);
    return missing.map((name) => `Policy ${JSON.stringify(name)} does not exist`);
  }
}
