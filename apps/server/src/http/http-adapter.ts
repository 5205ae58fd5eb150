import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DomainError, inErrand } from '@sallyport/platform';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { SMALL_BODY } from './body.guard.js';
import { normalAddress, type TrustedProxies } from './client-address.js';
import { ClientErrors } from './client-error.js';
import type { DialectTable } from './dialect-table.js';
import { ErrorFilter } from './error.filter.js';
import { awaitContinue, leavesBodyUnread } from './request-body.js';
import { RequestTelemetry } from './request-telemetry.js';
import { ROUTER_OPTIONS, RouteTable } from './route-table.js';
import { UnknownPath } from './unknown-path.js';
import { SAFE_HEADERS } from './wire-error.js';

/** Bodies are read by the BodyGuard alone, so for Fastify no method has one. */
const METHODS_WITHOUT_PARSER =
  'POST PUT PATCH DELETE OPTIONS QUERY SEARCH PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK'.split(' ');

/** Nest on Fastify as both dialects need it (vault.md §2.2, appgate.md §1.1–1.3, S82–S88). */
export class HttpAdapter extends FastifyAdapter {
  readonly routes = new RouteTable();
  /** The application's own, once it is there. */
  telemetry = new RequestTelemetry();
  private readonly unknownPath = new UnknownPath();
  private readonly errors = new ErrorFilter();

  constructor(
    private readonly dialects: DialectTable,
    private readonly proxies: TrustedProxies,
    maxHeaderSize: number,
  ) {
    const clientErrors = new ClientErrors(dialects);
    super({
      // A missing Host is refused in the dialect's shape, by `greet`.
      http: { maxHeaderSize, requireHostHeader: false },
      logger: false,
      genReqId: () => randomUUID(),
      exposeHeadRoutes: false,
      return503OnClosing: false,
      routerOptions: ROUTER_OPTIONS,
      rewriteUrl: (raw: IncomingMessage) => dialects.read(raw),
      clientErrorHandler: (error: NodeJS.ErrnoException, socket: Duplex) =>
        clientErrors.refuse(error, socket),
      frameworkErrors: (_error: Error, request: FastifyRequest, reply: FastifyReply) =>
        void this.refuseUnroutable(request, reply),
    });
    this.prepare(this.getInstance(), clientErrors);
  }

  /** Nest's own 404 is not used. */
  override setNotFoundHandler(): FastifyInstance {
    return this.getInstance().setNotFoundHandler(async (request: FastifyRequest) => {
      this.greet(request);
      const { dialect, url } = request;
      const counts = (path: string) => this.dialects.of(path) === dialect;
      const allow = this.routes.allowed(url, counts, dialect.literalWins === true);
      return this.unknownPath.refuse(request, allow);
    });
  }

  /** Sends what a handler returned, as the dialect has it. */
  override reply(reply: FastifyReply, result: unknown, status?: number): FastifyReply {
    const { request } = reply;
    const { dialect } = request;
    const body = dialect.renderAnswer ? dialect.renderAnswer(result, request, reply) : result;
    return super.reply(reply, body, status);
  }

  private prepare(instance: FastifyInstance, clientErrors: ClientErrors): void {
    const { dialects, proxies } = this;
    for (const method of METHODS_WITHOUT_PARSER)
      instance.addHttpMethod(method, { hasBody: false, overrideExisting: true });
    instance.decorateRequest('access', null);
    instance.decorateRequest('caller', null);
    instance.decorateRequest('dialect', {
      getter() {
        return dialects.reading(this.raw).dialect;
      },
    });
    instance.decorateRequest('isList', {
      getter() {
        return dialects.reading(this.raw).isList;
      },
    });
    instance.decorateRequest('clientAddress', '');
    instance.decorateRequest('act', null);
    instance.decorateRequest('fromProxy', {
      getter() {
        return proxies.has(normalAddress(this.raw.socket.remoteAddress ?? ''));
      },
    });
    instance.addHook('onRoute', ({ method, url }) => this.routes.add(method, url));
    instance.addHook('onRequest', (request, _reply, done) => this.telemetry.begin(request, done));
    instance.addHook('onRequest', (_request, _reply, done) => inErrand(done));
    instance.addHook('onRequest', (request, reply, done) => this.admit(request, reply, done));
    instance.addHook('onSend', (request, reply, _payload, done) => {
      seal(request, reply);
      done();
    });
    instance.addHook('onResponse', (request, reply, done) => {
      this.telemetry.end(request, reply);
      done();
    });
    const server = instance.server;
    for (const expectation of ['checkContinue', 'checkExpectation'])
      server.on(expectation, (raw: IncomingMessage, response: ServerResponse) => {
        if (expectation === 'checkContinue') awaitContinue(raw);
        server.emit('request', raw, response);
      });
    server.on('connect', (_raw: IncomingMessage, socket: Duplex) => clientErrors.refuseTunnel(socket));
  }

  private admit(request: FastifyRequest, reply: FastifyReply, done: (error?: Error) => void): void {
    try {
      this.greet(request);
    } catch (error) {
      return done(error as Error);
    }
    if (!request.is404 && this.strays(request)) return void reply.callNotFound();
    done();
  }

  /** Whether the route that was found is not the one that is meant. */
  private strays({ dialect, url, routeOptions: { url: path = '' } }: FastifyRequest): boolean {
    // An escaped prefix (`/%761/…`) must not carry a request into another dialect's routes.
    if (this.dialects.of(path) !== dialect) return true;
    return dialect.literalWins === true && this.routes.isOutdone(url, path);
  }

  /** The first look at a request; once only, however it was routed. */
  private greet(request: FastifyRequest): void {
    if (request.clientAddress !== '') return;
    const { raw } = request;
    request.clientAddress = this.proxies.clientAddress(raw.socket.remoteAddress, forwardedFor(raw));
    if (raw.httpVersion === '1.1' && raw.headers.host === undefined)
      throw new DomainError('malformed', 'host-missing', 'The request names no host.');
    const { dialect, refusal } = this.dialects.reading(raw);
    dialect.onRequest?.(request);
    if (refusal !== undefined) throw refusal;
  }

  /** A path that cannot be decoded is one that no route answers. Fastify gives no decorated request here. */
  private async refuseUnroutable(bare: FastifyRequest, reply: FastifyReply): Promise<void> {
    const { dialect, isList } = this.dialects.reading(bare.raw);
    const request = Object.assign(bare, {
      dialect,
      isList,
      access: null,
      caller: null,
      clientAddress: '',
      act: null,
    });
    reply.raw.once('close', () => this.telemetry.end(request, reply));
    try {
      this.greet(request);
      await this.unknownPath.refuse(request, []);
    } catch (error) {
      seal(request, reply);
      this.errors.answer(error, request, reply);
    }
  }
}

/** What every answer carries (S85). */
function seal(request: FastifyRequest, reply: FastifyReply): void {
  reply.headers(SAFE_HEADERS).header('x-request-id', request.id);
  const type = reply.getHeader('content-type');
  // hvac compares with `==`: no charset (vault.md §2.2).
  if (typeof type === 'string' && type.startsWith('application/json'))
    reply.header('content-type', 'application/json');
  if (leavesBodyUnread(request.raw, SMALL_BODY)) reply.header('connection', 'close');
}

function forwardedFor(raw: IncomingMessage): string | undefined {
  return raw.headers['x-forwarded-for']?.toString() || undefined;
}
