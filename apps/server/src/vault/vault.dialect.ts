import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { isWithin } from '@sallyport/auth';
import { EntitiesService } from '@sallyport/identity';
import type { DomainError } from '@sallyport/platform';
import { type AclCapability, aclAllows } from '@sallyport/privileges';
import { type Token, TokensService } from '@sallyport/tokens';
import type { FastifyRequest } from 'fastify';
import type { AccessStatement } from '../http/access.js';
import type { Dialect, WireError } from '../http/dialect.js';
import { readBody } from './wire/body.js';
import type { VaultCaller } from './wire/caller.js';
import { isBarePath, isOpenPath, spell } from './wire/error-table.js';
import { MOUNT_PATH_RULE, MountsOnPath } from './wire/mounts-on-path.js';
import { checkNamespace, readMfaHeader, readToken, refuseWrapping } from './wire/request-headers.js';
import { LIST_METHOD, policyPath, rewriteUrl } from './wire/request-url.js';
import { multiError, refuse } from './wire/vault-error.js';

const CAPABILITY_OF: Record<string, AclCapability> = {
  GET: 'read',
  [LIST_METHOD]: 'list',
  POST: 'update',
  PATCH: 'update',
  DELETE: 'delete',
};

/** HashiCorp Vault's language at `/v1` (vault.md §2): how its requests are read and its refusals spelled. */
@Injectable()
export class VaultDialect implements Dialect {
  readonly name = 'vault';
  readonly prefix = '/v1';

  constructor(
    private readonly tokens: TokensService,
    private readonly entities: EntitiesService,
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
    const checked = await this.tokens.check(secret);
    if (checked === null) return null;
    if (checked.state === 'disabled') return { state: 'barred' };
    if (checked.token.origin !== 'vault') return null;
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
    const capabilities: AclCapability[] =
      access.kind === 'capability' ? [access.capability, ...(access.sudo ? (['sudo'] as const) : [])] : [];
    await this.permit(capabilities, caller as VaultCaller | null, tokenSent, request);
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
    const known = allow.length > 0;
    if (known && isOpenPath(path) && (await this.mounts.isMounted(path)))
      throw refuse(405, 'unsupported operation');
    await this.permit(
      [CAPABILITY_OF[request.method] ?? 'sudo'],
      caller as VaultCaller | null,
      tokenSent,
      request,
    );
    if (!(await this.mounts.isMounted(path)))
      throw refuse(404, `no handler for route "${path}". route entry not found.`);
    refuseNestedMount(request.method, path);
    throw known
      ? refuse(405, multiError('unsupported operation'))
      : refuse(404, multiError('unsupported path'));
  }

  parseBody(bytes: Buffer, request: FastifyRequest): unknown {
    return readBody(bytes, request.headers['content-type']);
  }

  renderError(error: DomainError, request: FastifyRequest): WireError {
    const namespace = request.headers['x-vault-namespace'];
    const headers: Record<string, string> = {
      'content-type': 'application/json',
      'cache-control': 'no-store',
    };
    if (namespace !== undefined) headers['x-vault-namespace'] = String(namespace);
    if (error.kind === 'unavailable') headers['retry-after'] = String(error.details.retryAfter ?? 1);
    return { ...spell(error, isOpenPath(pathOf(request))), headers };
  }

  private async permit(
    capabilities: AclCapability[],
    caller: VaultCaller | null,
    tokenSent: boolean,
    request: FastifyRequest,
  ): Promise<void> {
    if (!tokenSent || caller?.state === 'barred') throw refuse(403, 'permission denied');
    if (caller === null) throw refuse(403, multiError('permission denied', 'invalid token'));
    const path = pathOf(request);
    const entityName = await this.entityName(caller.token, path);
    const { policies, identityPolicies, principalId: entityId } = caller.token;
    const subject = { policies: [...policies, ...identityPolicies], entityId, entityName };
    if (!aclAllows(subject, capabilities, path)) throw refuse(403, multiError('permission denied'));
  }

  /** Asked for only where a policy's template can need it. */
  private async entityName({ principalId }: Token, path: string): Promise<string | null> {
    if (principalId === null || !path.startsWith('identity/entity/name/')) return null;
    return (await this.entities.find(principalId))?.name ?? null;
  }
}

/** `sys/auth/a/b`: a mount path has one segment here, so there is no such mount and none can be made. */
function refuseNestedMount(method: string, path: string): void {
  const mountPath = /^sys\/auth\/([^/]+\/.+)$/.exec(path)?.[1];
  if (mountPath === undefined || mountPath.endsWith('/tune')) return;
  throw refuse(400, method === 'GET' ? `No auth engine at ${mountPath}/` : MOUNT_PATH_RULE);
}

function pathOf(request: FastifyRequest): string {
  return policyPath(request.url, request.isList);
}

function isMergePatch(request: FastifyRequest): boolean {
  const media = (request.headers['content-type'] ?? '').split(';')[0]!.trim().toLowerCase();
  return media === 'application/merge-patch+json';
}
