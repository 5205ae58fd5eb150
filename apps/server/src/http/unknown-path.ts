import type { FastifyRequest } from 'fastify';
import { BearerGuard } from './bearer.guard.js';

/** Refuses what no route answers, in the dialect's way: the token comes before the path (appgate.md §1.3, vault.md §2.4). */
export class UnknownPath {
  private readonly bearer = new BearerGuard();

  /**
   * @param allow methods the path does answer to; empty for none.
   * @throws DomainError always.
   */
  async refuse(request: FastifyRequest, allow: string[]): Promise<never> {
    const tokenSent = await this.bearer.identify(request);
    return request.dialect.notFound(request.caller, tokenSent, allow, request);
  }
}
