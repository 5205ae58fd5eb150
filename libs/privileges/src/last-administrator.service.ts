import { Injectable } from '@nestjs/common';
import { LocalUser } from '@sallyport/identity';
import { DomainError, type Transaction } from '@sallyport/platform';
import { EffectivePrivilegesService } from './effective-privileges.service.js';

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
    if (!(await this.isFullnessGiven(tx))) throw noneLeft();
    for (let skip = 0; ; skip += BATCH) {
      const users = await this.enabledUsers(tx, skip);
      for (const { id } of users) {
        const subject = { localUserId: id, deviceId: null, clientAddress: null, connectTime: null };
        if (await this.effective.isFull(subject, tx)) return;
      }
      if (users.length < BATCH) throw noneLeft();
    }
  }

  /** Whether any policy gives everything at all: if not, no user need be asked. */
  private async isFullnessGiven(tx: Transaction): Promise<boolean> {
    const given = await tx.query(
      `SELECT 1 FROM policies p JOIN administrative_roles r ON r.id = ANY(p.administrative_roles)
       WHERE NOT p.disabled AND p.type IN ('Admin', 'Mixed') AND r.privileges @> '[{"type": "All", "target": "All"}]' LIMIT 1`,
    );
    return given.length > 0;
  }

  private async enabledUsers(tx: Transaction, skip: number): Promise<LocalUser[]> {
    return tx.manager
      .getRepository(LocalUser)
      .createQueryBuilder('user')
      .where('NOT user.disabled')
      .andWhere(
        'EXISTS (SELECT 1 FROM identity_providers i WHERE i.id = user.identityProviderId AND i.admin_provider)',
      )
      .andWhere(
        'EXISTS (SELECT 1 FROM accounts a JOIN principals p ON p.id = a.principal_id WHERE a.id = user.accountId AND NOT p.disabled)',
      )
      .andWhere(
        `NOT EXISTS (SELECT 1 FROM blacklisted_users b JOIN identity_providers p ON p.name_canonical = b.provider_canonical
           WHERE p.id = user.identityProviderId AND b.username_canonical = user.nameCanonical)`,
      )
      .orderBy('user.builtIn', 'DESC')
      .addOrderBy('user.createdAt')
      .addOrderBy('user.id')
      .skip(skip)
      .take(BATCH)
      .getMany();
  }
}

function noneLeft(): DomainError {
  return new DomainError('conflict', 'last-administrator', 'A full administrator must remain.');
}
