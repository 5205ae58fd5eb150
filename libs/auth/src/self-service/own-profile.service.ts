import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { type LocalUser, LocalUsersService, type LocalUserValues } from '@sallyport/identity';
import { Database, DomainError, type Transaction } from '@sallyport/platform';
import { EffectivePrivilegesService, LastAdministratorService, mustCover } from '@sallyport/privileges';
import type { AdminSession } from '../sign-in/admin-session.js';
import { LostRace } from '../sign-in/finish.service.js';
import { FreshProofService } from './fresh-proof.service.js';

export type Profile = Pick<LocalUserValues, 'firstName' | 'lastName' | 'email' | 'phone'>;

/** What people may say of themselves. */
@Injectable()
export class OwnProfileService {
  constructor(
    private readonly database: Database,
    private readonly users: LocalUsersService,
    private readonly effective: EffectivePrivilegesService,
    private readonly lastAdministrator: LastAdministratorService,
    private readonly fresh: FreshProofService,
  ) {}

  async read({ localUserId }: AdminSession): Promise<LocalUser> {
    const user = await this.users.find(localUserId);
    if (user === null) throw new LostRace();
    return user;
  }

  /**
   * Replaces the profile. A changed address takes a fresh proof (S61); nobody writes themselves into a policy's expression that would
   * give them more than they hold (S48), nor the last administrator out of it (S50).
   * @throws DomainError `factor-owed`, `rejected`, `forbidden`; `invalid` where no full administrator would remain.
   */
  async replace(session: AdminSession, profile: Profile, actor: Actor): Promise<LocalUser> {
    return this.database.transaction(async (tx) => {
      await this.lastAdministrator.hold(tx);
      const user = await this.users.find(session.localUserId, tx);
      if (user === null) throw new LostRace();
      if (changesAddress(user, profile)) await this.fresh.mustHave(session, tx);
      const held = await this.effective.ofActing(session, tx);
      const after: LocalUser = { ...user, ...profile };
      const inAnotherSignIn = await this.effective.mightHold(user, tx);
      mustCover([...held, ...inAnotherSignIn], await this.effective.mightHold(after, tx));
      await this.users.changeProfile(tx, user, profile, actor);
      await this.mustLeaveAdministrator(tx);
      return (await this.users.find(user.id, tx)) ?? after;
    });
  }

  private async mustLeaveAdministrator(tx: Transaction): Promise<void> {
    await this.lastAdministrator.mustRemain(tx).catch((error: unknown) => {
      if (error instanceof DomainError && error.code === 'last-administrator')
        throw DomainError.invalid('firstName', 'must leave a full administrator');
      throw error;
    });
  }
}

function changesAddress(user: LocalUser, { email, phone }: Profile): boolean {
  return (user.email || null) !== (email || null) || (user.phone || null) !== (phone || null);
}
