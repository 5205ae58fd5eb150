import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Observable } from 'rxjs';
import { readBody } from './request-body.js';

/** Bytes of body without a full token, and with one (S82). */
export const SMALL_BODY = 256 * 1024;
export const LARGE_BODY = 4 * 1024 * 1024;

const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);

/**
 * Reads the body after the guards have let the caller in, so that the order token, path, privilege, body holds
 * (appgate.md §1.3). Bodies of other methods are not looked at.
 */
@Injectable()
export class BodyInterceptor implements NestInterceptor {
  async intercept(context: ExecutionContext, next: CallHandler): Promise<Observable<unknown>> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    if (!WITH_BODY.has(request.method)) return next.handle();
    const bytes = await readBody(request.raw, reply.raw, this.limitFor(request));
    request.body = request.dialect.parseBody(bytes, request);
    return next.handle();
  }

  private limitFor({ caller, dialect }: FastifyRequest): number {
    if (caller === null) return SMALL_BODY;
    return dialect.holdsFullToken?.(caller) === false ? SMALL_BODY : LARGE_BODY;
  }
}
