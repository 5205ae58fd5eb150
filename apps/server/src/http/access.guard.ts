import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { administer, DomainError } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import { ACCESS, type AccessStatement, isAdministration } from './access.js';
import { BearerGuard } from './bearer.guard.js';

/** Closed until opened: a route answers only who its access statement lets in, and nobody without one (S44). */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly reflector: Reflector,
    private readonly bearer: BearerGuard,
  ) {}

  /** @throws DomainError as the dialect refuses. */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const places = [context.getHandler(), context.getClass()];
    const access = this.reflector.getAllAndOverride<AccessStatement | undefined>(ACCESS, places);
    if (access === undefined)
      throw new DomainError('forbidden', 'access-not-stated', 'The route does not state who may call it.');
    if (access.kind === 'open') return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.access = access;
    // What administration asks before its handler counts as administration too (S92).
    if (isAdministration(access)) administer();
    const tokenSent = await this.bearer.identify(request);
    await request.dialect.authorize(access, request.caller, tokenSent, request);
    return true;
  }
}
