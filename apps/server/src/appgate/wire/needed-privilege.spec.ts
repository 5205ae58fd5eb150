import type { AdministrativePrivilege } from '@sallyport/privileges';
import { expect, it } from 'vitest';
import type { AccessStatement } from '../../http/access.js';
import { mayCall } from './needed-privilege.js';

const scope = (tags: string[] = [], all = false) => ({ all, ids: [], tags });
const held = (type: string, target: string, tags: string[] = [], all = false): AdministrativePrivilege => ({
  type,
  target,
  scope: scope(tags, all),
});
const call = (type: string, target: string, orType?: 'Tag'): AccessStatement => ({
  kind: 'privilege',
  type,
  target,
  orType,
});

it.each<[AccessStatement, AdministrativePrivilege[], boolean]>([
  [call('View', 'LocalUser'), [], false],
  [call('View', 'LocalUser'), [held('All', 'All')], true],
  [call('View', 'LocalUser'), [held('View', 'LocalUser', ['aws'])], true],
  [call('View', 'LocalUser'), [held('View', 'Policy', [], true)], false],
  [call('View', 'LocalUser'), [held('Edit', 'LocalUser', [], true)], false],
  [call('Edit', 'LocalUser', 'Tag'), [held('Tag', 'LocalUser')], true],
  [call('Edit', 'LocalUser'), [held('Tag', 'LocalUser')], false],
  [call('View', 'GlobalSetting'), [held('View', 'GlobalSetting')], true],
  [call('View', 'GlobalSetting'), [held('View', 'All', ['aws'])], false],
  [call('View', 'GlobalSetting'), [held('View', 'All', [], true)], true],
  [call('View', 'OtpSeed'), [held('View', 'OtpSeed', ['aws'])], true],
  [{ kind: 'token', state: 'final' }, [], false],
  [{ kind: 'token', state: 'final' }, [held('View', 'Ztp')], true],
])('S45 %j with %j: %s', (access, privileges, allowed) => {
  expect(mayCall(access, privileges)).toBe(allowed);
});
