import { Catch, Logger, Optional, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { AuditService } from '@sallyport/audit';
import { causeOf, Database, type DomainError } from '@sallyport/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Denials } from './denials.js';
import { asDomainError } from './failure.js';
import { SparingLog } from './sparing-log.js';
import { wireError } from './wire-error.js';

/** Lines a second about requests that could not be served: an outage must not fill the disk. */
const MOST_OUTAGE_LINES = 5;

/** The one catch-all: every error leaves in the dialect's shape, and what is unexpected goes to the log only (S88). */
@Catch()
export class ErrorFilter implements ExceptionFilter {
  private readonly logger = new Logger('Errors');
  private readonly denials: Denials | null;
  private readonly outages = new SparingLog(MOST_OUTAGE_LINES, (leftOut) =>
    this.logger.warn(`${leftOut} more requests were answered 503 within a second`),
  );

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
    if (error.kind === 'unavailable') this.reportOutage(error, request);
    else if (error !== thrown || error.kind === 'internal') this.report(error, request);
    if (reply.sent || reply.raw.destroyed) return;
    if (reply.raw.headersSent) return void reply.raw.destroy();
    const { status, headers = {}, body } = wireError(error, request, this.logger);
    reply.code(status).headers(headers);
    if (body === undefined) return void reply.send();
    reply.header('content-type', 'application/json').send(Buffer.from(JSON.stringify(body)));
  }

  /** Health and readiness are asked by machines, again and again; the watch of the database tells what they would. */
  private reportOutage(error: DomainError, request: FastifyRequest): void {
    if (request.dialect.name === 'ops') return;
    const reason = causeOf(error) ?? error.code;
    this.outages.write(() => this.logger.warn(`${textOf(error, request)}: ${reason}`));
  }

  private report(error: DomainError, request: FastifyRequest): void {
    const cause = error.cause instanceof Error ? error.cause : error;
    const text = textOf(error, request);
    if (error.kind === 'internal') this.logger.error(text, cause.stack);
    else this.logger.warn(`${text}: ${cause.name}: ${cause.message}`);
  }
}

function textOf({ kind }: DomainError, { method, routeOptions, id }: FastifyRequest): string {
  return `${method} ${routeOptions?.url ?? '(no route)'}: ${kind}, request ${id}`;
}
