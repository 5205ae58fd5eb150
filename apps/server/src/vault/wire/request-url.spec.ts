import { describe, expect, it } from 'vitest';
import { policyPath, rewriteUrl } from './request-url.js';

function rewrite(method: string, url: string): [string | undefined, string] {
  const raw: { method: string; url: string } = { method, url };
  const routed = rewriteUrl(raw);
  return [raw.method, routed];
}

describe('rewriteUrl', () => {
  it('takes PUT as POST', () => {
    expect(rewrite('PUT', '/v1/a')).toEqual(['POST', '/v1/a']);
  });

  it('collapses double slashes and ignores one trailing slash', () => {
    expect(rewrite('POST', '/v1/auth/userpass//login/x')).toEqual(['POST', '/v1/auth/userpass/login/x']);
    expect(rewrite('GET', '/v1/sys/auth/?a=//')).toEqual(['GET', '/v1/sys/auth?a=//']);
  });

  it('takes all that follows sys/policies/acl and sys/policy for one name', () => {
    expect(rewrite('PUT', '/v1/sys/policies/acl//team/a%20b/')).toEqual([
      'POST',
      '/v1/sys/policies/acl/team%2Fa%20b',
    ]);
    expect(rewrite('GET', '/v1/sys/policy/a/b/c?d=/')).toEqual(['GET', '/v1/sys/policy/a%2Fb%2Fc?d=/']);
    expect(rewrite('LINK', '/v1/sys/policies/acl/')).toEqual(['SEARCH', '/v1/sys/policies/acl']);
  });

  it.each(['1', 't', 'T', 'TRUE', 'true', 'True'])(
    'takes GET ?list=%s as a list and removes the parameter',
    (value) => {
      expect(rewrite('GET', `/v1/a?after=x&list=${value}&limit=2`)).toEqual([
        'SEARCH',
        '/v1/a?after=x&limit=2',
      ]);
    },
  );

  it.each(['0', 'f', 'F', 'FALSE', 'false', 'False', ''])('takes GET ?list=%s as a read', (value) => {
    expect(rewrite('GET', `/v1/a?list=${value}`)).toEqual(['GET', '/v1/a']);
  });

  it.each(['list=x', 'list=TrUe', 'list=true&list=true', 'list=%E0'])('refuses GET ?%s', (query) => {
    expect(() => rewrite('GET', `/v1/a?${query}`)).toThrow(
      expect.objectContaining({ status: 400, errors: [] }),
    );
  });

  it('takes the verb LIST, which arrives as LINK, as a list', () => {
    expect(rewrite('LINK', '/v1/a/')).toEqual(['SEARCH', '/v1/a']);
  });

  it('makes no list of a write', () => {
    expect(rewrite('POST', '/v1/a?list=true')).toEqual(['POST', '/v1/a']);
  });
});

describe('policyPath', () => {
  it('is decoded once and has no query', () => {
    expect(policyPath('/v1/auth/userpass/users/a%2562?x=y', false)).toBe('auth/userpass/users/a%62');
  });

  it('ends in a slash for a list', () => {
    expect(policyPath('/v1/identity/entity/id', true)).toBe('identity/entity/id/');
  });
});
