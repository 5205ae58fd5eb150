import { Injectable, Logger, Optional } from '@nestjs/common';
import { type CurrentAct, inAct, Metrics, Tracing } from '@sallyport/platform';
import type { FastifyReply, FastifyRequest } from 'fastify';

declare module 'fastify' {
  interface FastifyRequest {
    /** Null where nobody measures. */
    act: CurrentAct | null;
  }
}

const NO_ROUTE = '(no route)';
const FAILED = 2;

/** Counts, times and traces requests by the template of their route: what a caller wrote into a path or a query is in none of it (S70). */
@Injectable()
export class RequestTelemetry {
  private readonly logger = new Logger('Requests');

  constructor(
    @Optional() private readonly metrics?: Metrics,
    @Optional() private readonly tracing?: Tracing,
  ) {}

  /** Runs what answers a request. A `traceparent` that came along (W3C) is where its span belongs. */
  begin(request: FastifyRequest, answer: () => void): void {
    const span = this.tracing?.begin(() => ({
      name: nameOf(request),
      kind: 'server',
      parent: parentOf(request),
      attributes: {
        'http.request.method': methodOf(request),
        'http.route': routeOf(request),
        'sallyport.dialect': request.dialect.name,
        'sallyport.request_id': request.id,
      },
    }));
    request.act = { requestId: request.id, dialect: request.dialect.name, span: span ?? null };
    inAct(request.act, answer);
  }

  /** The answer is out, or nobody was left to take it. */
  end(request: FastifyRequest, reply: FastifyReply): void {
    const [dialect, method, route] = [request.dialect.name, methodOf(request), routeOf(request)];
    const status = reply.raw.writableFinished ? String(reply.statusCode) : 'aborted';
    if (this.metrics?.isRead === true) {
      this.metrics.requests.inc({ dialect, method, route, status });
      this.metrics.requestSeconds.observe({ dialect, method, route }, reply.elapsedTime / 1000);
    }
    const { act } = request;
    if (Logger.isLevelEnabled('debug')) {
      const line = `${method} ${route} ${status} ${reply.elapsedTime.toFixed(1)} ms`;
      if (act) inAct(act, () => this.logger.debug(line));
      else this.logger.debug(line);
    }
    if (!act?.span) return;
    act.span.setAttribute('http.response.status_code', reply.statusCode);
    if (reply.statusCode >= 500) act.span.setStatus({ code: FAILED });
    act.span.end();
  }
}

function nameOf(request: FastifyRequest): string {
  return `${methodOf(request)} ${routeOf(request)}`;
}

function methodOf({ method }: FastifyRequest): string {
  return method === 'SEARCH' ? 'LIST' : method;
}

function routeOf(request: FastifyRequest): string {
  return request.is404 ? NO_ROUTE : (request.routeOptions?.url ?? NO_ROUTE);
}

function parentOf({ headers }: FastifyRequest): string | null {
  return typeof headers['traceparent'] === 'string' ? headers['traceparent'] : null;
}
