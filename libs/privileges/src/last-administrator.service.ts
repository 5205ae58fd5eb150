import { Injectable } from '@nestjs/common';
import { IdentityProvider, LocalUser } from '@sallyport/identity';
import { DomainError, type Transaction } from '@sallyport/platform';
import { EffectivePrivilegesService } from './effective-privileges.service.js';
import { isFullAdministrator } from './grants.js';

/** Users judged in one go; the first enabled administrator ends the search, and that is nearly always the built-in one. */
const BATCH = 200;

/** One enabled account able to sign in at `/admin` with full privileges always remains (S50). */
@Injectable()
export class LastAdministratorService {
  constructor(private readonly effective: EffectivePrivilegesService) {}

  /**
   * Makes acts that could end the last administrator wait for each other. `mustRemain` does it too; an act that locks other rows
   * calls it first in its transaction, so that all lock in one order.
   */
  async hold(tx: Transaction): Promise<void> {
    await tx.execute('SELECT 1 FROM installation FOR UPDATE');
  }

  /**
   * Judges the state after the act, inside its transaction.
   * @throws DomainError `conflict` code `last-administrator`: the act must be undone.
   */
  async mustRemain(tx: Transaction): Promise<void> {
    await this.hold(tx);
    const policies = await this.effective.matchable(tx);
    const providers = await tx.manager.getRepository(IdentityProvider).findBy({ adminProvider: true });
    for (let skip = 0; ; skip += BATCH) {
      const users = await this.enabledUsers(tx, skip);
      for (const user of users) {
        const provider = providers.find((candidate) => candidate.id === user.identityProviderId);
        if (provider === undefined) continue;
        const subject = { localUserId: user.id, deviceId: null, clientAddress: null, connectTime: null };
        if (isFullAdministrator(await this.effective.ofUser(user, provider, subject, policies))) return;
      }
      if (users.length < BATCH)
        throw new DomainError('conflict', 'last-administrator', 'A full administrator must remain.');
    }
  }

  private async enabledUsers(tx: Transaction, skip: number): Promise<LocalUser[]> {
    return tx.manager
      .getRepository(LocalUser)
      .createQueryBuilder('user')
      .where('NOT user.disabled')
      .andWhere(
        'EXISTS (SELECT 1 FROM accounts a JOIN principals p ON p.id = a.principal_id WHERE a.id = user.accountId AND NOT p.disabled)',
      )
      .orderBy('user.builtIn', 'DESC')
      .addOrderBy('user.createdAt')
      .addOrderBy('user.id')
      .skip(skip)
      .take(BATCH)
      .getMany();
  }
}
