import { DomainError, type ErrorKind } from '@sallyport/platform';
import { describe, expect, it } from 'vitest';
import { isBarePath, isOpenPath, spell } from './error-table.js';
import { multiError, refuse } from './vault-error.js';

const spelled = (kind: ErrorKind, open = false) =>
  spell(new DomainError(kind, 'x', 'the message'), open ? 'sys/mfa/validate' : 'sys/auth');

describe('spell', () => {
  it('prints a list of errors as upstream does', () => {
    expect(multiError('x')).toBe('1 error occurred:\n\t* x\n\n');
    expect(multiError('x', 'y')).toBe('2 errors occurred:\n\t* x\n\t* y\n\n');
  });

  it('wraps internal texts on authenticated paths only', () => {
    expect(spelled('forbidden').body.errors).toEqual(['1 error occurred:\n\t* permission denied\n\n']);
    expect(spelled('forbidden', true).body.errors).toEqual(['permission denied']);
    expect(spelled('invalid').body.errors).toEqual(['the message']);
  });

  it('prints a refusal of the dialect as it is', () => {
    expect(spell(refuse(404), 'sys/auth')).toEqual({ status: 404, body: { errors: [] } });
    expect(spell(refuse(400, 'missing method ids'), 'sys/auth')).toEqual({
      status: 400,
      body: { errors: ['missing method ids'] },
    });
  });

  it('S88 answers no client mistake with 5xx and a throttled try with 403', () => {
    const clients: ErrorKind[] = [
      'malformed',
      'too-large',
      'invalid',
      'rejected',
      'factor-rejected',
      'conflict',
    ];
    for (const kind of clients) expect(spelled(kind).status).toBeLessThan(500);
    expect(spelled('throttled')).toEqual({ status: 403, body: { errors: ['permission denied'] } });
  });

  it('says nothing of an unexpected error', () => {
    expect(spelled('internal', true)).toEqual({ status: 500, body: { errors: ['internal error'] } });
  });
});

describe('open paths', () => {
  it.each(['auth/userpass/login/a', 'sys/mfa/validate', 'sys/health'])('knows %s', (path) => {
    expect(isOpenPath(path)).toBe(true);
  });

  it.each(['auth/userpass/users/login', 'sys/mfa', 'sys/auth', 'auth/token/lookup-self'])(
    'does not know %s',
    (path) => {
      expect(isOpenPath(path)).toBe(false);
    },
  );

  it('knows the paths without an envelope', () => {
    expect(isBarePath('sys/leader')).toBe(true);
    expect(isBarePath('sys/mfa/validate')).toBe(false);
  });
});
