import { expect, it } from 'vitest';
import { reachesMount } from './mount-reach.js';

const READ = { capabilities: ['read'] };
const DENY = { capabilities: ['deny'] };
const of = (exact: object, globs: object = {}, root = false) => ({
  root,
  exact_paths: exact as Record<string, { capabilities: string[] }>,
  glob_paths: globs as Record<string, { capabilities: string[] }>,
});

it.each([
  ['root', of({}, {}, true), true],
  ['nothing', of({}), false],
  ['a path under it', of({ 'auth/people/users/a': READ }), true],
  ['a path beside it', of({ 'auth/peoples/users/a': READ }), false],
  ['a path that is denied', of({ 'auth/people/users/a': DENY }), false],
  ['a prefix above it', of({}, { 'auth/': READ }), true],
  ['every path', of({}, { '': READ }), true],
  ['a part of its name', of({}, { 'auth/peo': READ }), true],
  ['a prefix below it', of({}, { 'auth/people/users/': READ }), true],
  ['a prefix that is denied', of({}, { 'auth/': DENY }), false],
  ['another prefix', of({}, { 'identity/': READ }), false],
  ['one segment of any name', of({}, { 'auth/+/users/*': READ }), true],
  ['one segment of any name elsewhere', of({}, { 'sys/+/users': READ }), false],
])('shows a mount to whoever holds %s: %#', (_, resultant, reached) => {
  expect(reachesMount(resultant, 'auth/people/')).toBe(reached);
});
