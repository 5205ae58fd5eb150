import { expect, it } from 'vitest';
import type { AdministrativePrivilege } from './administrative-privilege.js';
import { covers } from './escalation.js';

const held = (
  type: string,
  target: string,
  scope: { all?: boolean; ids?: string[]; tags?: string[] } = {},
): AdministrativePrivilege => ({
  type,
  target,
  scope: { all: false, ids: [], tags: [], ...scope },
});
const assign = (functions: string[]): AdministrativePrivilege => ({
  type: 'AssignFunction',
  target: 'All',
  functions,
});

it.each<[AdministrativePrivilege, AdministrativePrivilege, boolean]>([
  [held('All', 'All'), held('Delete', 'Policy', { all: true }), true],
  [held('All', 'All'), assign(['Portal']), true],
  [held('View', 'Policy', { all: true }), held('View', 'Policy', { tags: ['a'] }), true],
  [held('View', 'Policy', { all: true }), held('Edit', 'Policy', { tags: ['a'] }), false],
  [held('View', 'Policy', { tags: ['a', 'b'] }), held('View', 'Policy', { tags: ['b'] }), true],
  [held('View', 'Policy', { tags: ['a'] }), held('View', 'Policy', { tags: ['a', 'b'] }), false],
  [held('View', 'Policy', { tags: ['a'] }), held('View', 'Policy', { tags: ['a'], ids: ['x'] }), false],
  [held('View', 'Policy', { tags: ['a'] }), held('View', 'Policy', { all: true }), false],
  [held('View', 'Policy', { tags: ['a'] }), held('View', 'All', { tags: ['a'] }), false],
  [held('View', 'All', { tags: ['a'] }), held('View', 'Policy', { tags: ['a'] }), true],
  [held('View', 'GlobalSetting'), held('View', 'GlobalSetting'), true],
  [held('View', 'All', { tags: ['a'] }), held('View', 'GlobalSetting'), false],
  [held('Create', 'Policy', { tags: ['a'] }), held('Create', 'Policy'), false],
  [held('Create', 'Policy'), held('Create', 'Policy', { all: true }), true],
  [held('Create', 'All'), held('Create', 'Policy', { tags: ['a'] }), true],
  [assign(['Portal', 'Gateway']), assign(['Portal']), true],
  [assign(['Portal']), assign(['Portal', 'Gateway']), false],
])('S48 %j covers %j: %s', (own, wanted, expected) => {
  expect(covers(own, wanted)).toBe(expected);
});
