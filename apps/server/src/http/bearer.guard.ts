import { Injectable, type ExecutionContext } from '@nestjs/common';
import { AuthGuard } from '@nestjs/passport';
import type { FastifyRequest } from 'fastify';
import type { PresentedToken } from './bearer.strategy.js';

/**
 * Finds out through passport who is calling and leaves it in `request.caller`. Refuses nobody: that is the dialect's
 * to say, so passport's own 400 and 401 never reach the wire.
 */
@Injectable()
export class BearerGuard extends AuthGuard('bearer') {
  /** @returns whether a token was sent at all. */
  async identify(request: FastifyRequest): Promise<boolean> {
    request.caller = null;
    const token = request.dialect.readToken(request);
    if (token === null) return false;
    const presented: PresentedToken = { headers: { authorization: `Bearer ${token}` }, request };
    const http = { getRequest: () => presented, getResponse: () => ({}) };
    await this.canActivate({ switchToHttp: () => http } as unknown as ExecutionContext);
    return true;
  }

  override handleRequest<T>(error: unknown, caller: T, _info: unknown, context: ExecutionContext): T {
    if (error) throw error;
    context.switchToHttp().getRequest<PresentedToken>().request.caller = caller || null;
    return caller;
  }
}
