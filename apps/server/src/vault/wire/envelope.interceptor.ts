import {
  type CallHandler,
  type ExecutionContext,
  Injectable,
  type NestInterceptor,
  SetMetadata,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { map, type Observable } from 'rxjs';
import { Answer } from './answer.js';
import { FIELD_WARNINGS } from './fields.js';

/** How the routes of a controller answer. */
export interface Envelope {
  /** `mount_type` of the envelope. */
  mountType: 'userpass' | 'token' | 'identity' | 'system';
  /** No envelope at all: health, seal-status, leader, init. */
  bare?: boolean;
  /** The keys of `data` are repeated beside it, for node-vault. */
  injected?: boolean;
}

const ENVELOPE = Symbol('envelope');

/** States how the answers of a controller, or of one route, are wrapped. */
export const Enveloped = (envelope: Envelope) => SetMetadata(ENVELOPE, envelope);

/** Wraps what a handler returns in Vault's envelope (§2.3), and sets the headers every `/v1` answer has (§2.2). */
@Injectable()
export class EnvelopeInterceptor implements NestInterceptor {
  constructor(private readonly reflector: Reflector) {}

  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const envelope = this.reflector.getAllAndOverride<Envelope>(ENVELOPE, [
      context.getHandler(),
      context.getClass(),
    ]);
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const reply = context.switchToHttp().getResponse<FastifyReply>();
    return next.handle().pipe(map((result: unknown) => wrap(envelope, result, request, reply)));
  }
}

function wrap(envelope: Envelope, result: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
  const namespace = request.headers['x-vault-namespace'];
  reply.headers({
    'cache-control': 'no-store',
    ...(namespace === undefined ? {} : { 'x-vault-namespace': namespace }),
  });
  if (!envelope.bare && !(result instanceof Answer)) {
    void reply.status(204);
    return undefined;
  }
  // A serializer of our own keeps Fastify from adding a charset: hvac compares the content type with `==` (§2.2).
  reply.header('content-type', 'application/json').serializer((body: unknown) => JSON.stringify(body));
  if (envelope.bare) return result;
  reply.status(200);
  return enclose(envelope, result as Answer, request[FIELD_WARNINGS] ?? [], request.id);
}

function enclose(
  { mountType, injected }: Envelope,
  answer: Answer,
  fieldWarnings: readonly string[],
  requestId: string,
): object {
  const warnings = [...answer.warnings, ...fieldWarnings];
  return {
    ...(injected ? (answer.data as object) : {}),
    request_id: requestId,
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: answer.data,
    wrap_info: null,
    warnings: warnings.length === 0 ? null : warnings,
    auth: answer.auth,
    mount_type: mountType,
  };
}
