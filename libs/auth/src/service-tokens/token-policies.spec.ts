import { NEW_ROLE, type TokenRole } from '@sallyport/tokens';
import { describe, expect, it } from 'vitest';
import { matchesGlob, policiesOfNewToken, type PolicyRequest } from './token-policies.js';

const EPOCH = new Date(0);
const role = (values: Partial<TokenRole>): TokenRole => ({
  ...NEW_ROLE,
  name: 'ci',
  createdAt: EPOCH,
  updatedAt: EPOCH,
  ...values,
});
const policies = (request: Partial<PolicyRequest>) =>
  policiesOfNewToken({
    wanted: [],
    noDefaultPolicy: false,
    parent: ['default', 'a', 'b'],
    sudo: false,
    orphan: false,
    role: null,
    ...request,
  });
const names = (request: Partial<PolicyRequest>) => policies(request).policies;

describe('the policies of a new token', () => {
  it("are the parent's where none are asked for", () => {
    expect(names({})).toEqual(['default', 'a', 'b']);
    expect(names({ parent: ['a'] })).toEqual(['a']);
    expect(names({ noDefaultPolicy: true })).toEqual(['a', 'b']);
    expect(names({ sudo: true, parent: ['root'] })).toEqual(['root']);
  });

  it("S41 are a subset of the parent's without sudo", () => {
    expect(names({ wanted: ['a'] })).toEqual(['a', 'default']);
    expect(names({ wanted: ['a'], parent: ['a'] })).toEqual(['a']);
    expect(names({ wanted: ['a'], noDefaultPolicy: true })).toEqual(['a']);
    for (const wanted of [['c'], ['a', 'c'], ['root'], ['a', 'root']])
      expect(() => policies({ wanted })).toThrow('child policies must be subset of parent');
    expect(() => policies({ wanted: ['default'], parent: ['a'] })).toThrow(
      'child policies must be subset of parent',
    );
  });

  it('S48 are judged unless they are those of the parent', () => {
    const { judged } = policies({ wanted: ['a', 'c'], sudo: true });
    expect(judged).toEqual(['a', 'c']);
    expect(policies({}).judged).toEqual([]);
    expect(policies({ wanted: ['b', 'a'] }).judged).toEqual([]);
    expect(policies({ wanted: ['a'] }).judged).toEqual(['a']);
    expect(policies({ orphan: true }).judged).toEqual(['a', 'b']);
  });

  it('are root only from root, and then nothing else', () => {
    expect(() => policies({ wanted: ['c', 'root'], sudo: true })).toThrow(
      'root tokens may not be created without parent token being root',
    );
    expect(() => policies({ role: role({ allowedPolicies: ['root'] }) })).toThrow(
      'root tokens may not be created without parent token being root',
    );
    expect(names({ wanted: ['c', 'root'], sudo: true, parent: ['root'] })).toEqual(['root']);
  });

  it('by a role are what it allows by name unjudged, by pattern judged', () => {
    const ci = role({ allowedPolicies: ['deploy'], allowedPoliciesGlob: ['team-*'] });
    expect(policies({ role: ci })).toEqual({ policies: ['default', 'deploy'], judged: [] });
    expect(policies({ role: ci, wanted: ['deploy', 'team-x'] })).toEqual({
      policies: ['default', 'deploy', 'team-x'],
      judged: ['team-x'],
    });
    expect(() => policies({ role: ci, wanted: ['a'] })).toThrow(
      "must be subset of the role's allowed policies",
    );
  });

  it('by a role are never what it disallows', () => {
    expect(names({ role: role({ disallowedPolicies: ['default'] }), wanted: ['a'] })).toEqual(['a']);
    expect(() => policies({ role: role({ disallowedPolicies: ['b'] }) })).toThrow(
      'token policy "b" is disallowed by this role',
    );
    expect(() => policies({ role: role({ disallowedPoliciesGlob: ['te*'] }), wanted: ['team'] })).toThrow(
      'token policy "team" is disallowed by this role',
    );
    expect(policies({ role: role({ disallowedPolicies: ['b'] }), wanted: ['c'] }).judged).toEqual(['c']);
  });

  it('by a role that says nothing of policies follow the parent', () => {
    expect(() => policies({ role: role({ orphan: true }), wanted: ['c'] })).toThrow(
      'child policies must be subset of parent',
    );
    expect(names({ role: role({ noDefaultPolicy: true }), wanted: ['a'] })).toEqual(['a']);
  });
});

describe('a pattern', () => {
  it.each([
    ['a', 'a', true],
    ['a', 'ab', false],
    ['*', '', true],
    ['a*', 'abc', true],
    ['*c', 'abc', true],
    ['a*c', 'ac', true],
    ['ab*ba', 'aba', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c', false],
    ['*b*', 'abc', true],
    ['*b*b', 'ab', false],
  ])('%s of %s', (glob, text, matches) => {
    expect(matchesGlob(glob, text)).toBe(matches);
  });
});
