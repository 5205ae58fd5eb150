import type { Logger } from '@nestjs/common';
import type { DomainError } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import type { WireError } from './dialect.js';

/** Headers of every answer (S85). */
export const SAFE_HEADERS = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** The error as the request's dialect writes it; a bare 500 should the dialect itself fail. */
export function wireError(error: DomainError, request: FastifyRequest, logger: Logger): WireError {
  try {
    return request.dialect.renderError(error, request);
  } catch (fault) {
    logger.error(
      `The dialect could not write ${error.kind}`,
      fault instanceof Error ? fault.stack : undefined,
    );
    return { status: 500, body: undefined };
  }
}
