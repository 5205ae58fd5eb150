import { Catch, Logger, Optional, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { AuditService } from '@sallyport/audit';
import { Database, type DomainError } from '@sallyport/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Denials } from './denials.js';
import { asDomainError } from './failure.js';
import { wireError } from './wire-error.js';

/** The one catch-all: every error leaves in the dialect's shape, and what is unexpected goes to the log only (S88). */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Errors');
  private readonly denials: Denials | null;

  /** Where there is no audit, nothing is served that could be denied. */
  constructor(@Optional() audit?: AuditService, @Optional() database?: Database) {
    this.denials = audit === undefined || database === undefined ? null : new Denials(audit, database);
  }

  /** A denial is written down before it is answered (S72, S73). */
  catch(thrown: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const [request, reply] = [http.getRequest<FastifyRequest>(), http.getResponse<FastifyReply>()];
    const recorded = this.denials?.record(asDomainError(thrown, request.id), request);
    if (recorded === undefined) return this.answer(thrown, request, reply);
    recorded.then(
      () => this.answer(thrown, request, reply),
      (failure: unknown) => this.answer(failure, request, reply),
    );
  }

  /** Sends the error, unless an answer is already under way or nobody is left to take it. */
  answer(thrown: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const error = asDomainError(thrown, request.id);
    if (error !== thrown || error.kind === 'internal') this.report(error, request);
    if (reply.sent || reply.raw.destroyed) return;
    if (reply.raw.headersSent) return void reply.raw.destroy();
    const { status, headers = {}, body } = wireError(error, request, this.logger);
    reply.code(status).headers(headers);
    if (body === undefined) return void reply.send();
    reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(body)));
  }

  private report(error: DomainError, request: FastifyRequest): void {
    const route = `${request.method} ${request.routeOptions?.url ?? '(no route)'}`;
    const cause = error.cause instanceof Error ? error.cause : error;
    const text = `${route}: ${error.kind}, request ${request.id}`;
    if (error.kind === 'internal' || error.kind === 'unavailable') this.logger.error(text, cause.stack);
    else this.logger.warn(`${text}: ${cause.name}: ${cause.message}`);
  }
}
