import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AdministrativePrivilege, ScopedObject } from './administrative-privilege.js';
import { covers } from './escalation.js';
import { creators, grants } from './grants.js';
import { TYPE_TARGET_MAP } from './matrix/type-target-map.js';
import {
  APPLIANCE_FUNCTIONS,
  PRIVILEGE_TARGETS,
  PRIVILEGE_TYPES,
  validPrivileges,
} from './roles/privilege-rules.js';

const IDS = ['1', '2'];
const TAGS = ['a', 'b', 'c'];
const pairs = Object.entries(TYPE_TARGET_MAP).flatMap(([type, targets]) =>
  targets.map((pair) => ({ type, ...pair })),
);
const scopes = fc.record({ all: fc.boolean(), ids: fc.subarray(IDS), tags: fc.subarray(TAGS) });

/** Any privilege a role may hold; a few pairs more often, so that one contains the other often enough. */
const privileges: fc.Arbitrary<AdministrativePrivilege> = fc
  .record({
    pair: fc.oneof(
      fc.constantFrom(...pairs),
      fc.constantFrom(...pairs.filter(({ name }) => ['All', 'LocalUser', 'Blacklist'].includes(name))),
    ),
    scope: scopes,
    defaultTags: fc.subarray(TAGS),
    functions: fc.subarray([...APPLIANCE_FUNCTIONS]),
  })
  .map(({ pair: { type, name, scopable, scopableByIdp }, scope, defaultTags, functions }) => ({
    type,
    target: name,
    ...(type !== 'AssignFunction' && {
      scope: scopable || scopableByIdp ? scope : { all: false, ids: [], tags: [] },
    }),
    ...(type === 'Create' && scopable && { defaultTags }),
    ...(type === 'AssignFunction' && { functions }),
  }));

const OBJECTS: ScopedObject[] = ['1', '2', '3'].flatMap((id) =>
  [[], ['a'], ['b'], ['a', 'b'], ['c']].map((tags) => ({ id, tags })),
);
const ACTS = PRIVILEGE_TYPES.filter((type) => type !== 'All').flatMap((type) =>
  PRIVILEGE_TARGETS.filter((target) => target !== 'All').map((target) => ({ type, target })),
);

/** Every object that can be acted on; for Create, every object that can come of it, default tags included. */
function granted(held: AdministrativePrivilege, type: string, target: string): ScopedObject[] {
  if (type !== 'Create') return OBJECTS.filter((object) => grants([held], type, target, object));
  return OBJECTS.flatMap((object) =>
    creators([held], target, object).map(({ defaultTags = [] }) => ({
      ...object,
      tags: [...object.tags, ...defaultTags],
    })),
  );
}

function allows(held: AdministrativePrivilege, type: string, target: string, object: ScopedObject): boolean {
  return type === 'Create'
    ? creators([held], target, object).length > 0
    : grants([held], type, target, object);
}

describe('S48 what covers a privilege', () => {
  it('allows every act on every object that it does', () => {
    let covered = 0;
    fc.assert(
      fc.property(privileges, privileges, (own, wanted) => {
        if (!covers(own, wanted)) return;
        covered += 1;
        for (const { type, target } of ACTS) {
          for (const object of granted(wanted, type, target))
            expect(allows(own, type, target, object)).toBe(true);
          // Singletons have no scope to lie in; whether something may be created was asked above.
          if (type !== 'Create' && grants([wanted], type, target))
            expect(grants([own], type, target)).toBe(true);
        }
      }),
      { numRuns: 5_000 },
    );
    expect(covered).toBeGreaterThan(50);
  });

  it('is the privilege itself, and All/All', () => {
    fc.assert(
      fc.property(privileges, (privilege) => {
        expect(covers(privilege, privilege)).toBe(true);
        expect(
          covers({ type: 'All', target: 'All', scope: { all: true, ids: [], tags: [] } }, privilege),
        ).toBe(true);
      }),
    );
  });

  it('stays what it is when kept', () => {
    fc.assert(
      fc.property(privileges, (privilege) => {
        const [kept] = validPrivileges([privilege]);
        expect(covers(kept!, privilege) && covers(privilege, kept!)).toBe(true);
      }),
    );
  });
});
