import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { readBody } from './request-body.js';

/** Bytes of body without a full token, and with one (S82). */
export const SMALL_BODY = 256 * 1024;
export const LARGE_BODY = 4 * 1024 * 1024;

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Lets in a body that is small enough and can be read. As a guard of the route it comes after the one of access and those of controllers, so that
 * the order token, path, privilege, body holds (appgate.md §1.3). Bodies of other methods are not looked at.
 */
@Injectable()
export class BodyGuard implements CanActivate {
  /** @throws DomainError as the dialect refuses. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    if (!WITH_BODY.has(request.method)) return true;
    return this.read(request, context.switchToHttp().getResponse<FastifyReply>());
  }

  private async read(request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const bytes = await readBody(request.raw, reply.raw, this.limitFor(request));
    request.body = request.dialect.parseBody(bytes, request);
    return true;
  }

  private limitFor({ caller, dialect }: FastifyRequest): number {
    if (caller === null) return SMALL_BODY;
    return dialect.holdsFullToken?.(caller) === false ? SMALL_BODY : LARGE_BODY;
  }
}
