import { Injectable } from '@nestjs/common';
import { PeopleService } from '@sallyport/identity';
import type { Transaction } from '@sallyport/platform';

/** Ends the tokens of a person, but one. */
@Injectable()
export class OtherTokensService {
  constructor(private readonly people: PeopleService) {}

  /** All tokens of the person end, in both dialects, its children too; the kept one, if it was alive, takes the new stamp (S13, S39, S40). */
  async end(tx: Transaction, principalId: string, keptId: string): Promise<void> {
    await this.people.endTokens(tx, principalId);
    await this.keep(tx, principalId, keptId);
  }

  /** After all tokens of the person were ended once in this transaction: this one, if it was alive before, lives on. */
  async keep(tx: Transaction, principalId: string, keptId: string): Promise<void> {
    await tx.execute(
      `UPDATE tokens t SET principal_epoch = p.token_epoch FROM principals p
       WHERE t.id = $2 AND p.id = $1 AND t.principal_id = p.id AND t.principal_epoch = p.token_epoch - 1`,
      [principalId, keptId],
    );
  }
}
