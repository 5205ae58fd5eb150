import { Inject, Injectable } from '@nestjs/common';
import {
  type BegunFactor,
  FACTOR_TYPES,
  type FactorAttempt,
  type FactorBeginning,
  type FactorType,
  type FactorVerdict,
} from './factor.js';
import { isMethodGone } from './gone.js';
import type { MfaMethod } from './mfa-method.entity.js';

/** The front of all method types: picks the one that can verify. */
@Injectable()
export class FactorsService {
  constructor(@Inject(FACTOR_TYPES) private readonly types: FactorType[]) {}

  /** Whether the person can be asked for the method in a sign-in at `/admin` (contract appgate.md §2.10). */
  async canBeAskedOf(method: MfaMethod, principalId: string): Promise<boolean> {
    return (await this.typeOf(method)?.canBeAskedOf(method, principalId)) ?? false;
  }

  /** Prepares a proof; where there is nothing to prepare, it is as if the person had what it takes. */
  async begin(beginning: FactorBeginning): Promise<BegunFactor> {
    return (await this.typeOf(beginning.method)?.begin?.(beginning)) ?? { kind: 'already-seeded' };
  }

  /** Evaluates one try by the rules and counters of the method's type. */
  async verify(attempt: FactorAttempt): Promise<FactorVerdict> {
    try {
      return (
        (await this.typeOf(attempt.method)?.verify(attempt)) ?? { refused: { reason: 'unsupported-type' } }
      );
    } catch (error) {
      // Its secrets went with the method.
      if (isMethodGone(error)) return { refused: { reason: 'not-enrolled', hasAny: true } };
      throw error;
    }
  }

  private typeOf({ type }: MfaMethod): FactorType | undefined {
    return this.types.find((candidate) => candidate.type === type);
  }
}
