import { expect, it } from 'vitest';
import { statementLabel } from './statement-label.js';

it.each([
  ['SELECT 1 FROM installation', 'select', 'installation'],
  ['SELECT 1', 'select', null],
  ['  INSERT INTO tokens (id) VALUES ($1)', 'insert', 'tokens'],
  ['UPDATE tokens SET uses_left = $1', 'update', 'tokens'],
  ['DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins)', 'delete', 'sign_ins'],
  ['SELECT (SELECT max(number) FROM audit_seals) FROM "audit_checkpoints" c', 'select', 'audit_checkpoints'],
  ['SELECT coalesce((SELECT min(at) FROM audit_events), now())', 'select', 'audit_events'],
  [
    'WITH held AS (SELECT id FROM principals) SELECT t.id FROM tokens t JOIN held ON true',
    'select',
    'tokens',
  ],
  ['WITH RECURSIVE up(id) AS (SELECT id FROM groups) SELECT id FROM up', 'select', 'groups'],
  [
    'WITH fold AS (INSERT INTO folds VALUES ($1) RETURNING n) INSERT INTO events SELECT $1 FROM fold',
    'insert',
    'events',
  ],
  ['WITH today AS (INSERT INTO days VALUES ($1) RETURNING n) SELECT n FROM today', 'insert', 'days'],
  ['WITH before AS (SELECT 1 FROM t FOR UPDATE) UPDATE t SET a = 1 FROM before', 'update', 't'],
  ['START TRANSACTION', 'begin', null],
  ['COMMIT', 'commit', null],
  ['ROLLBACK', 'rollback', null],
  ['LOCK TABLE data_keys', 'other', null],
])('%s is %s on %s', (text, operation, table) => {
  expect(statementLabel(text)).toEqual({ operation, table });
});
