import { describe, expect, it } from 'vitest';
import { DomainError } from '../domain-error.js';
import {
  causeOf,
  isRepeatable,
  translateDatabaseError,
  violatedConstraint,
  violatedReference,
  withCause,
} from './database-errors.js';

/** An error as pg throws it, and as TypeORM wraps it. */
function failures(code: string, constraint?: string): Error[] {
  const raw = Object.assign(new Error('it failed'), { code, constraint });
  return [raw, Object.assign(new Error('it failed'), { driverError: raw })];
}

describe('a database error', () => {
  it.each([
    '08006',
    '53300',
    '53100',
    '57014',
    '57P01',
    '55P03',
    '25006',
    'ECONNREFUSED',
    'ECONNRESET',
    'ENOENT',
  ])('that means the database is not there becomes unavailable: %s', (code) => {
    for (const failure of failures(code)) {
      const translated = translateDatabaseError(failure);
      expect(translated).toMatchObject({
        kind: 'unavailable',
        code: 'database-unavailable',
        details: { retryAfter: 1 },
      });
      expect((translated as Error).cause).toBe(failure);
    }
  });

  it.each([
    'timeout exceeded when trying to connect',
    'Connection terminated unexpectedly',
    'Cannot use a pool after calling end on the pool',
  ])('of the pool becomes unavailable: %s', (message) =>
    expect(translateDatabaseError(new Error(message))).toMatchObject({ kind: 'unavailable' }),
  );

  it.each(['23505', '42601', '22003', '42501'])('that is our own doing stays what it is: %s', (code) => {
    for (const failure of failures(code)) expect(translateDatabaseError(failure)).toBe(failure);
  });

  it.each(['28P01', '3D000', 'ECONNREFUSED', '42501'])(
    'S70 is told by its code, never by its text: %s',
    (code) => {
      for (const failure of failures(code)) expect(causeOf(translateDatabaseError(failure))).toBe(code);
      expect(withCause(translateDatabaseError(failures('28P01')[0]) as Error)).toBe(
        'The service is not available. (28P01)',
      );
    },
  );

  it('of the pool is told by the words it is known by, and anything else not at all', () => {
    const late = new Error('timeout exceeded when trying to connect to postgres://u:secret@db');
    expect(causeOf(translateDatabaseError(late))).toBe('timeout exceeded when trying to connect');
    for (const other of [new DomainError('conflict', 'taken', 'taken'), new Error('secret'), null, 'secret'])
      expect(causeOf(other)).toBe(null);
    expect(withCause(new Error('too late'))).toBe('too late');
  });

  it('is none where a file is missing; a missing socket is one', () => {
    const missing = Object.assign(new Error('it failed'), { code: 'ENOENT', path: '/nowhere/x' });
    const file = Object.assign(missing, { syscall: 'open' });
    expect(translateDatabaseError(file)).toBe(file);
    const socket = Object.assign(new Error('it failed'), { ...missing, syscall: 'connect' });
    expect(translateDatabaseError(socket)).toMatchObject({ kind: 'unavailable' });
  });

  it('that is one of the core stays what it is', () => {
    const refusal = new DomainError('conflict', 'taken', 'taken');
    expect(translateDatabaseError(refusal)).toBe(refusal);
  });

  it('is worth another run after a deadlock or a serialisation failure only', () => {
    for (const code of ['40001', '40P01'])
      for (const failure of failures(code)) expect(isRepeatable(failure)).toBe(true);
    for (const code of ['55P03', '23505', '57P01'])
      for (const failure of failures(code)) expect(isRepeatable(failure)).toBe(false);
    expect(isRepeatable(undefined)).toBe(false);
  });

  it('names the constraint it ran into', () => {
    for (const [code, ...named] of [
      ['23505', 'tokens__accessor', null],
      ['23503', null, 'tokens__accessor'],
      ['23502', null, null],
    ])
      for (const failure of failures(code!, 'tokens__accessor'))
        expect([violatedConstraint(failure), violatedReference(failure)]).toEqual(named);
    expect([violatedConstraint(null), violatedReference(null)]).toEqual([null, null]);
  });
});
