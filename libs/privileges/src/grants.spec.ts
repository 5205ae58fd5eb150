import { describe, expect, it } from 'vitest';
import type { AdministrativePrivilege } from './administrative-privilege.js';
import { creators, grants, isFullAdministrator, reachOf } from './grants.js';
import { TYPE_TARGET_MAP } from './matrix/type-target-map.js';

const neutral = { all: false, ids: [], tags: [] };
const object = { id: 'o1', tags: ['blue'] };
const held = (
  type: string,
  target: string,
  scope: Partial<AdministrativePrivilege['scope']> = {},
): AdministrativePrivilege => ({
  type,
  target,
  scope: { ...neutral, ...scope },
});

describe('what a privilege grants (appgate.md §3.4)', () => {
  it('has the 215 pairs of the matrix', () => {
    expect(Object.values(TYPE_TARGET_MAP).flat()).toHaveLength(215);
  });

  it.each<[string, AdministrativePrivilege[], boolean]>([
    ['nothing without a privilege', [], false],
    ['everything with All/All, whatever its scope says', [held('All', 'All')], true],
    ['the same type and target in scope all', [held('View', 'LocalUser', { all: true })], true],
    ['nothing by a neutral scope', [held('View', 'LocalUser')], false],
    ['by id', [held('View', 'LocalUser', { ids: ['o1'] })], true],
    ['not by another id', [held('View', 'LocalUser', { ids: ['o2'] })], false],
    ['by a shared tag', [held('View', 'LocalUser', { tags: ['red', 'blue'] })], true],
    ['not by another tag', [held('View', 'LocalUser', { tags: ['red'] })], false],
    ['by type All', [held('All', 'LocalUser', { all: true })], true],
    ['by target All', [held('View', 'All', { all: true })], true],
    ['not by another type', [held('Edit', 'LocalUser', { all: true })], false],
    ['not by another target', [held('View', 'Policy', { all: true })], false],
  ])('View/LocalUser: %s', (_, privileges, expected) => {
    expect(grants(privileges, 'View', 'LocalUser', object)).toBe(expected);
  });

  it('takes a pair without scope for everything', () => {
    expect(grants([held('View', 'GlobalSetting')], 'View', 'GlobalSetting')).toBe(true);
  });

  it('needs scope all for a singleton under a scopable target All', () => {
    expect(grants([held('View', 'All', { tags: ['blue'] })], 'View', 'GlobalSetting')).toBe(false);
    expect(grants([held('View', 'All', { all: true })], 'View', 'GlobalSetting')).toBe(true);
  });

  it('unites the reach of several privileges', () => {
    expect(
      reachOf(
        [held('View', 'LocalUser', { ids: ['a'] }), held('All', 'LocalUser', { tags: ['t'] })],
        'View',
        'LocalUser',
      ),
    ).toEqual({
      ids: ['a'],
      tags: ['t'],
    });
    expect(reachOf([], 'View', 'LocalUser')).toBeNull();
  });

  it('lets a neutral Create make anything and a tagged one only what it tags', () => {
    expect(creators([held('Create', 'LocalUser')], 'LocalUser', object)).toHaveLength(1);
    expect(creators([held('Create', 'LocalUser', { tags: ['red'] })], 'LocalUser', object)).toHaveLength(0);
    expect(
      creators(
        [{ ...held('Create', 'LocalUser', { tags: ['red'] }), defaultTags: ['red'] }],
        'LocalUser',
        object,
      ),
    ).toHaveLength(1);
    expect(creators([held('All', 'LocalUser')], 'LocalUser', object)).toHaveLength(0);
  });

  it('calls only All/All a full administrator', () => {
    expect(isFullAdministrator([held('All', 'All')])).toBe(true);
    expect(isFullAdministrator([held('All', 'LocalUser', { all: true })])).toBe(false);
  });
});

describe('the truth table of appgate.md §3.4, for each of the 215 pairs', () => {
  const SCOPES: [string, Partial<AdministrativePrivilege['scope']>, boolean][] = [
    ['all', { all: true }, true],
    ['its id', { ids: ['o1'] }, true],
    ['a tag of it', { tags: ['red', 'blue'] }, true],
    ['another id', { ids: ['o2'] }, false],
    ['another tag', { tags: ['red'] }, false],
    ['neutral', {}, false],
  ];
  const pairs = Object.entries(TYPE_TARGET_MAP).flatMap(([type, targets]) =>
    targets.map((pair) => ({ type, ...pair })),
  );

  it.each(SCOPES)('scope %s', (_, scope, matches) => {
    for (const { type, name, scopable, scopableByIdp } of pairs) {
      const expected = matches || !(scopable || scopableByIdp);
      // Acts are never of type All, nor on target All: what such a privilege grants is asked of an act it contains.
      const act = { type: type === 'All' ? 'View' : type, target: name === 'All' ? 'LocalUser' : name };
      expect([type, name, grants([held(type, name, scope)], act.type, act.target, object)]).toEqual([
        type,
        name,
        expected,
      ]);
    }
  });

  it('grants nothing of another type or on another target', () => {
    for (const { type, name } of pairs) {
      const privileges = [held(type, name, { all: true })];
      if (type !== 'All')
        expect(grants(privileges, type === 'View' ? 'Edit' : 'View', name, object)).toBe(false);
      if (name !== 'All')
        expect(grants(privileges, type, name === 'Policy' ? 'Site' : 'Policy', object)).toBe(false);
    }
  });
});
