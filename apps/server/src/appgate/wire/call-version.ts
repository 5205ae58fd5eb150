import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { FastifyRequest } from 'fastify';
import { acceptedVersion } from './accept-version.js';

/** `@CallVersion() version: number`: the peer version the caller accepts, 17 to 23. */
export const CallVersion = createParamDecorator((_: unknown, context: ExecutionContext): number => {
  const request = context.switchToHttp().getRequest<FastifyRequest>();
  return acceptedVersion(request.headers.accept);
});
