import { randomUUID } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { after, Clock, Database, type Sql } from '@sallyport/platform';

/** Seconds an open challenge can be answered (S25). */
const CHALLENGE_LIFE = 600;

/** Whose challenge: one per sign-in and method. `signInId` is the sign-in or the token in progress. */
export interface ChallengeKey {
  signInId: string;
  methodId: string;
}

/** What an outside server waits for. It belongs to one sign-in, is answered once, and never comes from the client (S25). */
export interface OpenChallenge extends ChallengeKey {
  host: string;
  username: string;
  /** Changes with everything that is asked anew. */
  round: string;
  /** What the server wants to see again; null where it gave nothing. */
  state: Buffer | null;
}

/** Challenges of sign-ins in progress, held across replicas (contract appgate.md §1.1, §2.5). */
@Injectable()
export class ChallengesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  /** @returns the host this sign-in speaks with to its end: the one it began with while that is still configured. */
  async keepHost(
    { signInId, methodId }: ChallengeKey,
    {
      principalId,
      username,
      picked,
      configured,
    }: { principalId: string; username: string; picked: string; configured: readonly string[] },
  ): Promise<string> {
    const [row] = await this.database.query<{ host: string }>(
      `INSERT INTO factor_challenges AS c (sign_in_id, method_id, principal_id, username, host, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (sign_in_id, method_id) DO UPDATE
         SET username = $4, host = CASE WHEN c.host = ANY($7::text[]) THEN c.host ELSE $5 END
       RETURNING host`,
      [signInId, methodId, principalId, username, picked, this.clock.now(), configured],
    );
    return row?.host ?? picked;
  }

  /** From now on an answer is awaited; whatever was asked before in this sign-in is no longer answered. */
  async open({ signInId, methodId }: ChallengeKey, state: Buffer | null): Promise<void> {
    await this.database.execute(
      'UPDATE factor_challenges SET round = $3, state = $4, expires_at = $5 WHERE sign_in_id = $1 AND method_id = $2',
      [signInId, methodId, randomUUID(), state, after(this.clock.now(), CHALLENGE_LIFE)],
    );
  }

  async find({ signInId, methodId }: ChallengeKey): Promise<OpenChallenge | null> {
    const [row] = await this.database.query<Pick<OpenChallenge, 'host' | 'username' | 'round' | 'state'>>(
      `SELECT host, username, round, state FROM factor_challenges
       WHERE sign_in_id = $1 AND method_id = $2 AND round IS NOT NULL AND expires_at > $3`,
      [signInId, methodId, this.clock.now()],
    );
    return row === undefined ? null : { ...row, signInId, methodId };
  }

  /** Ends a challenge in the transaction that finishes the step. @returns false where it was answered or asked anew meanwhile. */
  async spend(tx: Sql, { signInId, methodId, round }: OpenChallenge): Promise<boolean> {
    const spent = await tx.execute(
      'DELETE FROM factor_challenges WHERE sign_in_id = $1 AND method_id = $2 AND round = $3 AND expires_at > $4',
      [signInId, methodId, round, this.clock.now()],
    );
    return spent === 1;
  }
}
