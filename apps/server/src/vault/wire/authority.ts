import { isRoot, type VaultAuthority } from '@sallyport/privileges';
import type { FastifyRequest } from 'fastify';
import { aclSubjectOf, tokenOf } from './caller.js';

/** What the caller may hand out and whom they may act on; judged in the writing transaction (S48, S49). */
export function authorityOf(request: FastifyRequest): VaultAuthority {
  const subject = aclSubjectOf(request);
  return { root: isRoot(subject), subject, localUserId: tokenOf(request).localUserId };
}
