import { DomainError } from '@sallyport/platform';
import { expect, it } from 'vitest';
import type { AccessStatement } from '../../http/access.js';
import { admit, type TokenState } from './token-states.js';

const outcome = (access: AccessStatement, state: TokenState | null): string => {
  try {
    admit(access, state);
    return 'served';
  } catch (error) {
    return (error as DomainError).kind;
  }
};

it.each<[AccessStatement, string[]]>([
  [{ kind: 'open' }, ['served', 'served', 'served', 'served']],
  [
    { kind: 'token', state: 'pending' },
    ['unauthenticated', 'served', 'factor-not-pending', 'factor-not-pending'],
  ],
  [{ kind: 'token', state: 'any' }, ['unauthenticated', 'served', 'served', 'served']],
  [{ kind: 'token', state: 'final' }, ['unauthenticated', 'forbidden', 'forbidden', 'served']],
  [
    { kind: 'privilege', type: 'View', target: 'LocalUser' },
    ['unauthenticated', 'forbidden', 'forbidden', 'served'],
  ],
  [{ kind: 'capability', capability: 'read' }, ['unauthenticated', 'forbidden', 'forbidden', 'forbidden']],
])('S35 opens %j by the state table', (access, outcomes) => {
  const states: (TokenState | null)[] = [null, 'pending', 'proven', 'final'];
  expect(states.map((state) => outcome(access, state))).toEqual(outcomes);
});
