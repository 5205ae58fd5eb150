import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Database, DomainError } from '@sallyport/platform';
import { AclService, EffectivePrivilegesService, type Reach, reachOf, reaches } from '@sallyport/privileges';
import { TokenRevocationService } from '@sallyport/tokens';
import { ProviderScopeService } from '../scope/provider-scope.service.js';
import { AdmissionService, type HeldRights } from './admission.service.js';
import { aclSubjectOfToken, type LiveToken } from './live-token.js';
import { LiveTokensService } from './live-tokens.service.js';

/** A right to do something to tokens of others, as either dialect spells it. */
interface TokenRight {
  /** `update` on this path, of a token of `/v1`. */
  path: string;
  /** Of a token of `/admin`; its scope speaks of the identity provider of the token's user. */
  type: string;
  target: string;
}

const INSPECT: TokenRight = { path: 'oauth2/introspect', type: 'View', target: 'SessionInfo' };
const REVOKE: TokenRight = { path: 'oauth2/revoke', type: 'Revoke', target: 'RegisteredDevice' };

/** Tells services about tokens they were shown, and ends them (RFC 7662, RFC 7009; S39, S42). */
@Injectable()
export class TokenInspectionService {
  constructor(
    private readonly live: LiveTokensService,
    private readonly admission: AdmissionService,
    private readonly revocation: TokenRevocationService,
    private readonly privileges: EffectivePrivilegesService,
    private readonly acl: AclService,
    private readonly scope: ProviderScopeService,
    private readonly audit: AuditService,
    private readonly database: Database,
  ) {}

  /**
   * What a token is, in either dialect. Asking is no use of it.
   * @returns null for every token that would not be let in now, and for one out of the caller's reach: one answer for all (S42).
   * @throws DomainError `forbidden` where the caller may not ask about tokens of others, whatever token that is.
   */
  async inspect(caller: LiveToken, secret: string): Promise<(LiveToken & HeldRights) | null> {
    const [reach, found] = [await this.reach(caller, INSPECT), await this.live.inspect(secret)];
    if (found === null || !(await this.mayTouch(caller, reach, found))) {
      if (reach === null) throw forbidden();
      return null;
    }
    return { ...found, ...(await this.admission.rightsOf(found)) };
  }

  /**
   * Ends a token of either dialect and what hangs from it. One that is not live, or out of reach, is passed over in silence; the latter is
   * written down (RFC 7009 §2.2, S42, S73).
   * @throws DomainError `forbidden` where the caller may not end tokens of others, whatever token that is.
   */
  async revoke(caller: LiveToken, secret: string, actor: Actor): Promise<void> {
    const [reach, found] = [await this.reach(caller, REVOKE), await this.live.inspect(secret)];
    if (found !== null && (await this.mayTouch(caller, reach, found)))
      return this.revocation.revoke(found.token, actor);
    if (reach === null) throw forbidden();
    if (found !== null) await this.recordRefusal(found, actor);
  }

  /** How far the caller's right goes; null: nowhere. */
  private async reach({ token, session }: LiveToken, right: TokenRight): Promise<Reach | null> {
    if (session !== null)
      return reachOf(await this.privileges.asOf(session.standing, session), right.type, right.target);
    return (await this.acl.allows(aclSubjectOfToken(token), ['update'], right.path)) ? 'all' : null;
  }

  /** One's own always; of others those of users of providers within reach (appgate.md §3.4). */
  private async mayTouch(caller: LiveToken, reach: Reach | null, found: LiveToken): Promise<boolean> {
    const { id, principalId } = found.token;
    const own = caller.token.principalId;
    if (id === caller.token.id || (own !== null && own === principalId)) return true;
    if (reach === null || reach === 'all') return reach === 'all';
    const provider = found.user?.providerName ?? null;
    return provider !== null && reaches(reach, await this.scope.of(provider));
  }

  private async recordRefusal({ token }: LiveToken, actor: Actor): Promise<void> {
    const event = {
      action: 'access.denied',
      outcome: 'denied',
      object: { type: 'token', id: token.accessor },
      detail: { kind: 'forbidden', reason: 'scope' },
    } as const;
    await this.audit.recordFolded(this.database, actor, event, `${actor.tokenAccessor} ${token.accessor}`);
  }
}

function forbidden(): DomainError {
  return new DomainError('forbidden', 'no-right-over-tokens', 'The caller may not do this.');
}
