import { Inject, Injectable } from '@nestjs/common';
import { FACTOR_TYPES, type FactorAttempt, type FactorType, type FactorVerdict } from './factor.js';

/** The front of all method types: picks the one that can verify. */
@Injectable()
export class FactorsService {
  constructor(@Inject(FACTOR_TYPES) private readonly types: FactorType[]) {}

  /** Evaluates one try by the rules and counters of the method's type. */
  async verify(attempt: FactorAttempt): Promise<FactorVerdict> {
    const type = this.types.find((candidate) => candidate.type === attempt.method.type);
    return type === undefined ? { refused: { reason: 'unsupported-type' } } : type.verify(attempt);
  }
}
