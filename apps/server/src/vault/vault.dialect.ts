import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { type DomainError, isWithin } from '@sallyport/platform';
import { type AclCapability, type AclGrant, AclService, gives, setOf } from '@sallyport/privileges';
import { TokensService } from '@sallyport/tokens';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { AccessStatement } from '../http/access.js';
import type { Dialect, WireError } from '../http/dialect.js';
import { isStrayMethodPath } from './identity-mfa/method-path.js';
import { readBody } from './wire/body.js';
import { aclSubjectOf, actorOf, type VaultCaller } from './wire/caller.js';
import { enclose } from './wire/envelope.js';
import { isBarePath, isOpenPath, noRoute, spell } from './wire/error-table.js';
import { denied, mustBeLetThrough, pathOf, permit } from './wire/granted.js';
import { MOUNT_PATH_RULE, MountsOnPath } from './wire/mounts-on-path.js';
import { ObjectExistence } from './wire/object-existence.js';
import { checkNamespace, readMfaHeader, readToken, refuseWrapping } from './wire/request-headers.js';
import { LIST_METHOD, rewriteUrl } from './wire/request-url.js';
import { multiError, refuse } from './wire/vault-error.js';

const CAPABILITY_OF: Record<string, AclCapability> = {
  GET: 'read',
  [LIST_METHOD]: 'list',
  POST: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};

/** HashiCorp Vault's language at `/v1` (vault.md §2): how its requests are read and its refusals spelled. */
@Injectable()
export class VaultDialect implements Dialect {
  readonly name = 'vault';
  readonly prefix = '/v1';

  constructor(
    private readonly tokens: TokensService,
    private readonly acl: AclService,
    private readonly existence: ObjectExistence,
    private readonly mounts: MountsOnPath,
  ) {}

  rewrite(raw: IncomingMessage): string {
    return rewriteUrl(raw);
  }

  /** Looks at what stands outside token and body, in upstream's order: namespace, verb, wrapping, `X-Vault-MFA`. */
  onRequest(request: FastifyRequest): void {
    checkNamespace(request.headers);
    const path = pathOf(request);
    if (!(request.method in CAPABILITY_OF) && !(request.method === 'HEAD' && path === 'sys/health'))
      throw refuse(405);
    if (request.method === 'PATCH' && !isMergePatch(request)) {
      throw refuse(415, 'PATCH requires Content-Type of application/merge-patch+json');
    }
    if (isBarePath(path)) return;
    refuseWrapping(request.headers);
    readMfaHeader(request.raw.headersDistinct);
  }

  readToken(request: FastifyRequest): string | null {
    return readToken(request.raw.headersDistinct);
  }

  /** A token of `/admin` carries no policies and is as unknown here (§1.7). */
  async authenticate(secret: string, request: FastifyRequest): Promise<VaultCaller | null> {
    const checked = await this.tokens.check(secret, 'vault');
    if (checked === null) return null;
    if (checked.state === 'disabled') return { state: 'barred' };
    if (!isWithin(request.clientAddress, checked.token.boundCidrs)) return { state: 'barred' };
    return checked;
  }

  async authorize(
    access: AccessStatement,
    caller: unknown,
    tokenSent: boolean,
    request: FastifyRequest,
  ): Promise<void> {
    if (access.kind === 'open') return;
    // What takes no token takes it under no verb: a route with a parameter in this place is not what is meant.
    if (isOpenPath(pathOf(request))) throw refuse(405, 'unsupported operation');
    this.mustBeLive(caller as VaultCaller | null, tokenSent);
    if (access.kind === 'live-token') return;
    if (access.kind !== 'capability') throw denied();
    const grant = await this.acl.grantOn(aclSubjectOf(request), pathOf(request));
    const capability = await this.capabilityFor(access, grant, request);
    permit(grant, [capability, ...(access.sudo ? (['sudo'] as const) : [])], request);
  }

  actorOf(request: FastifyRequest): Actor {
    return actorOf(request);
  }

  /** The ACL is asked before mount and path are looked up, so a caller without rights learns nothing (§2.4). */
  async notFound(
    caller: unknown,
    tokenSent: boolean,
    allow: string[],
    request: FastifyRequest,
  ): Promise<never> {
    const path = pathOf(request);
    if (isBarePath(path)) throw refuse(405);
    const known = allow.length > 0 && !isStrayMethodPath(path);
    if (known && isOpenPath(path) && (await this.mounts.isMounted(path)))
      throw refuse(405, 'unsupported operation');
    this.mustBeLive(caller as VaultCaller | null, tokenSent);
    permit(
      await this.acl.grantOn(aclSubjectOf(request), path),
      [CAPABILITY_OF[request.method] ?? 'sudo'],
      request,
    );
    if (!(await this.mounts.isMounted(path))) throw refuse(404, noRoute(path));
    refuseNestedMount(request.method, path);
    throw known
      ? refuse(405, multiError('unsupported operation'))
      : refuse(404, multiError('unsupported path'));
  }

  parseBody(bytes: Buffer, request: FastifyRequest): unknown {
    const fields = readBody(bytes, request.headers['content-type']);
    mustBeLetThrough(request, fields);
    return fields;
  }

  renderAnswer(result: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
    return enclose(result, request, reply);
  }

  renderError(error: DomainError, request: FastifyRequest): WireError {
    const namespace = request.headers['x-vault-namespace'];
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (namespace !== undefined) headers['x-vault-namespace'] = String(namespace);
    if (error.kind === 'unavailable') headers['retry-after'] = String(error.details.retryAfter ?? 1);
    return { ...spell(error, pathOf(request)), headers };
  }

  private mustBeLive(caller: VaultCaller | null, tokenSent: boolean): void {
    if (!tokenSent || caller?.state === 'barred') throw refuse(403, 'permission denied');
    if (caller === null) throw refuse(403, multiError('permission denied', 'invalid token'));
  }

  /** Where making and changing are two rights, which of them is meant; looked up only where it makes a difference. */
  private async capabilityFor(
    { capability, existence }: Extract<AccessStatement, { kind: 'capability' }>,
    grant: AclGrant,
    request: FastifyRequest,
  ): Promise<AclCapability> {
    if (existence === undefined) return capability;
    const [creates, updates] = [gives(grant, setOf(['create'])), gives(grant, setOf(['update']))];
    if (creates === updates) return capability;
    return (await this.existence.of(existence, request)) ? 'update' : 'create';
  }
}

/** `sys/auth/a/b`, `sys/mounts/auth/a/b`: a mount path has one segment here, so there is no such mount and none can be made. */
function refuseNestedMount(method: string, path: string): void {
  const [, room, mountPath] = /^sys\/(auth|mounts\/auth)\/([^/]+\/.+)$/.exec(path) ?? [];
  if (mountPath === undefined || mountPath.endsWith('/tune')) return;
  if (method === 'GET')
    throw refuse(
      400,
      room === 'auth' ? `No auth engine at ${mountPath}/` : `No secret engine mount at auth/${mountPath}/`,
    );
  if (room === 'auth') throw refuse(400, MOUNT_PATH_RULE);
}

function isMergePatch(request: FastifyRequest): boolean {
  const media = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  return media === 'application/merge-patch+json';
}
