import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { ApiSecurity } from '@nestjs/swagger';
import { BodyGuard } from './body.guard.js';

/** Who may call a route. A route without such a statement does not answer (S44). */
export type AccessStatement =
  /** Anyone; a token that is sent is not looked at. */
  | { kind: 'open' }
  /** `/admin`: a token in one of these states (contract appgate.md §2.1). */
  | { kind: 'token'; state: 'any' | 'pending' | 'final' }
  /** `/admin`: a final token whose owner holds this privilege. */
  | {
      kind: 'privilege';
      type: string;
      target: string;
      /** Also let in: who may only retag (§3.4). */
      orType?: 'Tag';
      /** Also let in: who holds the privilege on one of these. */
      orTargets?: readonly string[];
    }
  /** `/forward-auth`, `/oauth2`: a full live token of either dialect; its rights are judged by what it asks for. */
  | { kind: 'full-token' }
  /** `/v1`: any live token. */
  | { kind: 'live-token' }
  /** `/v1`: a token whose policies give this capability on the request's path. */
  | {
      kind: 'capability';
      capability: 'create' | 'read' | 'update' | 'delete' | 'list' | 'patch';
      sudo?: boolean;
      /** Of the caller's own token: does not wait behind administration (S92). */
      own?: boolean;
      /** An `update` of this kind of object is a `create` where the object is not there yet (vault.md §12). */
      existence?: 'mount-user' | 'token-role';
    };

export const ACCESS = Symbol('access');

/** Whether a route administers: its statements share half of the database connections (S92). */
export function isAdministration(access: AccessStatement): boolean {
  return access.kind === 'privilege' || (access.kind === 'capability' && !access.own);
}

/** States who may call a route or every route of a controller; of whoever may, the body is read. */
export function Access(statement: AccessStatement): MethodDecorator & ClassDecorator {
  const scheme = SCHEME_OF[statement.kind];
  return applyDecorators(
    SetMetadata(ACCESS, statement),
    UseGuards(BodyGuard),
    ...(scheme === null ? [] : [ApiSecurity(scheme)]),
  );
}

/** How the documentation says a token is sent. */
const SCHEME_OF: Record<AccessStatement['kind'], string | null> = {
  open: null,
  token: 'bearer',
  privilege: 'bearer',
  'full-token': 'bearer',
  'live-token': 'vaultToken',
  capability: 'vaultToken',
};
