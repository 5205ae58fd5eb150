import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { AuthMountsService, LocalUsersService } from '@sallyport/identity';
import { MAX_TTL, type Token, TokenRenewalService } from '@sallyport/tokens';

/** Renews a token of `/v1` within the maxima that hold now for its user and its mount (contract vault.md §9). */
@Injectable()
export class ServiceRenewalService {
  constructor(
    private readonly renewals: TokenRenewalService,
    private readonly users: LocalUsersService,
    private readonly mounts: AuthMountsService,
  ) {}

  /**
   * @param incrementSeconds the life wanted from now; 0: as long as at first.
   * @returns the token with its new end.
   * @throws DomainError as `TokenRenewalService.renew`.
   */
  async renew(token: Token, incrementSeconds: number, actor: Actor): Promise<Token> {
    return this.renewals.renew(token, incrementSeconds, actor, await this.longestLife(token));
  }

  /** Seconds from issue. */
  private async longestLife({ localUserId, mountId }: Token): Promise<number> {
    const user = localUserId === null ? null : await this.users.find(localUserId);
    const mount =
      mountId === null ? await this.mounts.findAttached('token') : await this.mounts.find(mountId);
    const maxima = [user?.tokenSettings.maxTtl, mount?.maxLeaseTtl || MAX_TTL];
    return Math.min(...maxima.filter((most): most is number => most !== undefined && most > 0));
  }
}
