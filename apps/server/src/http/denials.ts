import type { Actor, AuditService } from '@sallyport/audit';
import { type Database, type DomainError, type ErrorKind, sourceNetwork } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';

/** Writes down who was refused what (S73): whoever shows a token and may not do this, or shows one that opens nothing. */
export class Denials {
  constructor(
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  /**
   * One route refused to one caller is one event, and one a minute with a count where it is tried on and on (S79).
   * @throws DomainError `unavailable` where that cannot be written: then the caller is told so, and not that they were refused (S72).
   */
  async record(error: DomainError, request: FastifyRequest): Promise<void> {
    if (!isDenial(error, request)) return;
    const actor = actorOf(request);
    const route = `${request.method} ${request.is404 ? '(no route)' : (request.routeOptions.url ?? '(no route)')}`;
    const reason = request.caller === null ? 'unknown-token' : error.code;
    const event = {
      action: 'access.denied',
      outcome: 'denied',
      object: { type: 'route', id: route },
      detail: { dialect: request.dialect.name, kind: error.kind, reason },
    } as const;
    const caller = actor.tokenAccessor ?? sourceNetwork(request.clientAddress);
    await this.audit.recordFolded(this.database, actor, event, `${caller} ${route} ${reason}`);
  }
}

/** Going on without the factor that is owed is one, too. */
const DENIALS: readonly ErrorKind[] = ['forbidden', 'unauthenticated', 'factor-owed'];

/** Whoever shows nothing claims nothing: anybody may come to a closed door. */
function isDenial({ kind }: DomainError, request: FastifyRequest): boolean {
  if (!DENIALS.includes(kind)) return false;
  return request.caller !== null || request.dialect.readToken(request) !== null;
}

function actorOf(request: FastifyRequest): Actor {
  const nobody = { principalId: null, accountId: null, name: null, tokenAccessor: null };
  return (
    request.dialect.actorOf?.(request) ?? {
      ...nobody,
      clientAddress: request.clientAddress,
      requestId: request.id,
    }
  );
}
