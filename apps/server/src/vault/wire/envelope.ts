import type { FastifyReply, FastifyRequest } from 'fastify';
import { Answer } from './answer.js';
import { isBarePath } from './error-table.js';
import { FIELD_WARNINGS } from './fields.js';

/** `mount_type` of the envelope: what answers below a path. */
const MOUNT_TYPES = [
  ['auth/token', 'token'],
  ['auth/', 'userpass'],
  ['identity/', 'identity'],
  ['sys/', 'system'],
] as const;

/** Where the keys of `data` are repeated beside it, for node-vault. */
const INJECTED = /^sys\/(auth|mounts|policy|remount|capabilities(-[a-z]+)?)(\/|$)/;

/**
 * Wraps what a handler returns in Vault's envelope (§2.3), and sets the headers only `/v1` has (§2.2).
 * A result that is no Answer is sent as it is on bare paths, and means 204 on the others.
 */
export function enclose(result: unknown, request: FastifyRequest, reply: FastifyReply): unknown {
  const namespace = request.headers['x-vault-namespace'];
  if (namespace !== undefined) reply.header('x-vault-namespace', namespace);
  const route = request.routeOptions.url!.slice('/v1/'.length);
  const bare = isBarePath(route);
  if (!bare && !(result instanceof Answer)) {
    void reply.status(204);
    return undefined;
  }
  // A serializer of our own keeps Fastify from adding a charset: hvac compares the content type with `==` (§2.2).
  reply.header('content-type', 'application/json').serializer((body: unknown) => JSON.stringify(body));
  if (bare) return result;
  reply.status(200);
  return envelope(route, result as Answer, request[FIELD_WARNINGS] ?? [], request.id);
}

function envelope(
  route: string,
  answer: Answer,
  fieldWarnings: readonly string[],
  requestId: string,
): object {
  const warnings = [...answer.warnings, ...fieldWarnings];
  return {
    ...(INJECTED.test(route) ? (answer.data as object) : {}),
    request_id: requestId,
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: answer.data,
    wrap_info: null,
    warnings: warnings.length === 0 ? null : warnings,
    auth: answer.auth,
    mount_type: MOUNT_TYPES.find(([prefix]) => route.startsWith(prefix))?.[1],
  };
}
