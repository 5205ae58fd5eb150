import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { PeopleService } from '@sallyport/identity';
import { Database, type Listed, type ListWish, storableText, type Transaction } from '@sallyport/platform';
import {
  type HeldToken,
  OtherTokensService,
  TokenDirectoryService,
  type TokenOwner,
  TokenRevocationService,
  TokensService,
} from '@sallyport/tokens';
import { forbidden, notFound } from '../scope/provider-scope.service.js';
import type { AdminSession } from '../sign-in/admin-session.js';
import { LostRace } from '../sign-in/finish.service.js';
import { SignInRows } from '../sign-in/sign-in-rows.js';

interface Held {
  id: string;
  accessor: string;
  session_id: string;
  origin: string;
  principal_id: string | null;
  account_id: string | null;
}

/** Where people are signed in, in both dialects, and how it ends: for themselves, and for who looks after them (S39). */
@Injectable()
export class HeldSessionsService {
  constructor(
    private readonly database: Database,
    private readonly directory: TokenDirectoryService,
    private readonly tokens: TokensService,
    private readonly revocation: TokenRevocationService,
    private readonly others: OtherTokensService,
    private readonly people: PeopleService,
    private readonly rows: SignInRows,
    private readonly audit: AuditService,
  ) {}

  /** One page of the live full tokens; never a token or its hash. */
  async list(owner: TokenOwner, wish: ListWish): Promise<Listed<HeldToken>> {
    return this.directory.list(owner, wish);
  }

  /**
   * Ends one's own session by its accessor. An accessor nobody has is answered like another's (S42).
   * @throws DomainError `forbidden` for another's; `not-found` for one's own that has ended.
   */
  async endOwn({ principalId }: AdminSession, accessor: string, actor: Actor): Promise<void> {
    const held = await this.find(accessor);
    if (held === null || held.principal_id !== principalId) throw forbidden();
    await this.end(held, actor);
  }

  /** Ends a session of a user somebody looks after. @throws DomainError `not-found` where the user has none of this accessor. */
  async endOf({ accountId }: TokenOwner, accessor: string, actor: Actor): Promise<void> {
    const held = await this.find(accessor);
    if (held === null || held.account_id !== accountId) throw notFound();
    await this.end(held, actor);
  }

  /** Ends all of one's sessions and unfinished sign-ins, in both dialects, but the one that asks (S39). */
  async endOthers({ principalId, token }: AdminSession, actor: Actor): Promise<void> {
    if (token === null) throw new LostRace();
    await this.database.transaction(async (tx) => {
      await this.others.end(tx, principalId, token.id);
      await this.people.endSignIns(tx, principalId);
      await this.rows.dropPartialTokens(tx, principalId);
      await this.audit.record(tx, actor, {
        action: 'sessions.ended',
        outcome: 'success',
        object: { type: 'principal', id: principalId },
        detail: { kept: token.accessor },
      });
    });
  }

  private async find(accessor: string): Promise<Held | null> {
    const [held] = await this.database.query<Held>(
      'SELECT id, accessor, session_id, origin, principal_id, account_id FROM tokens WHERE accessor = $1',
      [storableText(accessor)],
    );
    return held ?? null;
  }

  private async end(held: Held, actor: Actor): Promise<void> {
    if ((await this.tokens.findByAccessor(held.accessor)) === null) throw notFound();
    await this.database.transaction(async (tx) => {
      await this.revoke(tx, held);
      await this.audit.record(tx, actor, {
        action: 'token.revoked',
        outcome: 'success',
        object: { type: 'token', id: held.accessor },
      });
    });
  }

  /** A session of `/admin` goes with the sign-in that could be traded for another token of it (S36). */
  private async revoke(tx: Transaction, { id, session_id: sessionId, origin }: Held): Promise<void> {
    await this.rows.drop(tx, origin === 'appgate' ? sessionId : null, id);
    if (origin === 'appgate') await this.revocation.revokeSession(tx, sessionId);
    else await this.revocation.revokeIn(tx, id);
  }
}
