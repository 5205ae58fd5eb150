import { Injectable } from '@nestjs/common';
import { Clock, DomainError, type Transaction } from '@sallyport/platform';
import { isId } from '../groups/group.js';
import { Account } from '../people/account.entity.js';
import { Principal } from '../people/principal.entity.js';
import { type MergedLogin, planLogins } from './merged-logins.js';
import { EntitiesService } from './entities.service.js';

/** Who is to become whom. */
export interface MergeParties {
  to: Principal;
  from: Principal[];
}

/** The part of a merge that concerns the persons themselves and their logins (contract vault.md §10). */
@Injectable()
export class EntityMerger {
  constructor(
    private readonly entities: EntitiesService,
    private readonly clock: Clock,
  ) {}

  /**
   * The persons of a merge, held until the transaction ends.
   * @throws DomainError `invalid` codes `merge-target-unknown`, `merge-into-itself`, `merge-source-unknown`.
   */
  async hold(tx: Transaction, toId: string, fromIds: readonly string[]): Promise<MergeParties> {
    const ids = [toId, ...fromIds].filter(isId);
    await tx.query('SELECT 1 FROM principals WHERE id = ANY($1::uuid[]) ORDER BY id FOR UPDATE', [ids]);
    const to = isId(toId) ? await this.entities.find(toId, tx) : null;
    if (to === null) throw refused('merge-target-unknown', 'entity id to merge to is invalid');
    if (fromIds.includes(toId))
      throw refused('merge-into-itself', 'to_entity_id should not be present in from_entity_ids');
    const from: Principal[] = [];
    for (const id of new Set(fromIds)) {
      const entity = isId(id) ? await this.entities.find(id, tx) : null;
      if (entity === null) throw refused('merge-source-unknown', 'entity id to merge from is invalid');
      from.push(entity);
    }
    return { to, from };
  }

  /**
   * Gives the logins to the one person. Of two at one mount the one to be kept stays; a user who loses theirs moves on to a new person.
   * @param mayDetach runs before with each person a login is taken from for good; throws where the caller may not.
   * @throws DomainError `invalid` codes `merge-from-several`, `merge-alias-clash`, `merge-alias-undecided`.
   */
  async moveLogins(
    tx: Transaction,
    { to, from }: MergeParties,
    keepIds: readonly string[],
    mayDetach: (principalId: string) => Promise<void>,
  ): Promise<void> {
    const logins = await tx.query<MergedLogin>(LOGINS, [[to.id, ...from.map(({ id }) => id)]]);
    const { moved, dropped } = planLogins(logins, to.id, keepIds);
    for (const { principalId } of dropped) await mayDetach(principalId);
    const accounts = tx.manager.getRepository(Account);
    for (const { id } of dropped) await this.entities.detachLogin(tx, await accounts.findOneByOrFail({ id }));
    for (const { id, principalId } of moved)
      await tx.execute(MOVE, [id, to.id, principalId, this.clock.now()]);
  }

  /** Ends the merged persons, and with them their tokens and sign-ins; the one who stays remembers their ids. */
  async finish(tx: Transaction, { to, from }: MergeParties): Promise<void> {
    const ids = from.map(({ id }) => id);
    const remembered = [...to.mergedIds, ...from.flatMap(({ id, mergedIds }) => [...mergedIds, id])];
    await tx.execute('DELETE FROM principals WHERE id = ANY($1::uuid[])', [ids]);
    await tx.execute('UPDATE principals SET merged_ids = $2, updated_at = $3 WHERE id = $1', [
      to.id,
      remembered,
      this.clock.now(),
    ]);
  }
}

const LOGINS = `
  SELECT a.id, a.principal_id AS "principalId", a.identity_provider_id AS "providerId", coalesce(m.accessor, '') AS accessor
  FROM accounts a LEFT JOIN auth_mounts m ON m.identity_provider_id = a.identity_provider_id
  WHERE a.principal_id = ANY($1::uuid[]) ORDER BY a.created_at, a.id`;

const MOVE = `
  UPDATE accounts SET principal_id = $2, merged_from_ids = merged_from_ids || $3::uuid, updated_at = $4 WHERE id = $1`;

function refused(code: string, text: string): DomainError {
  return new DomainError('invalid', code, text);
}
