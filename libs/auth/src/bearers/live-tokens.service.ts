import { Injectable } from '@nestjs/common';
import { isWithin } from '@sallyport/platform';
import { type TokenAndUser, TokensService } from '@sallyport/tokens';
import { AdminSessionsService } from '../sign-in/admin-sessions.service.js';
import type { LiveToken } from './live-token.js';

/**
 * Finds out whether a token would be let in by the dialect that issued it, for those who ask on behalf of others. Whatever is not a full
 * live token is null: unknown, ended, expired, used up, partial, of a disabled person, or one that owes a factor at `/admin` (S35, S42).
 */
@Injectable()
export class LiveTokensService {
  constructor(
    private readonly tokens: TokensService,
    private readonly sessions: AdminSessionsService,
  ) {}

  /** A token that is shown to get in: this is a use of it (S34, S41). @param clientAddress where it came from. */
  async present(secret: string, clientAddress: string): Promise<LiveToken | null> {
    const found = await this.tokens.checkWithUser(secret);
    return found !== null && isWithin(clientAddress, found.token.boundCidrs) ? this.asOfNow(found) : null;
  }

  /** A token that is asked about: nothing of it changes. Where it came from is not known. */
  async inspect(secret: string): Promise<LiveToken | null> {
    const found = await this.tokens.findWithUser(secret);
    return found && this.asOfNow(found);
  }

  private async asOfNow({ token, user }: TokenAndUser): Promise<LiveToken | null> {
    if (token.origin === 'vault') return { token, user, session: null };
    const session = await this.sessions.ofLiveToken(token);
    return session === null || session.missing.length > 0 ? null : { token, user, session };
  }
}
