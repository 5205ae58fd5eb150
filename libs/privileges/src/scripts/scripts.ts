import { mustBeFullAdministrator } from '../escalation.js';
import type { Change, Collection } from '../objects/index.js';
import { isCalled } from './called-scripts.js';
import { CriteriaScript } from './criteria-script.entity.js';
import { UserScript } from './user-script.entity.js';

/** Criteria scripts: what an enabled policy calls decides roles (contract appgate.md §3.5, §6.1). */
export const CRITERIA_SCRIPTS: Collection<CriteriaScript> = {
  entity: CriteriaScript,
  target: 'CriteriaScript',
  noun: 'criteria-script',
  decidesPrivileges: true,
  mayChange: mustNotDecideRoles,
};

/** User scripts: what an `adminProvider` uses makes claims that decide roles (§3.5, §6.1). */
export const USER_SCRIPTS: Collection<UserScript> = {
  entity: UserScript,
  target: 'UserClaimScript',
  noun: 'user-script',
  decidesPrivileges: true,
  mayChange: mustNotFeedAdministrators,
  written: leaveProviders,
};

async function mustNotDecideRoles({ tx, before, after, privileges }: Change<CriteriaScript>): Promise<void> {
  const names = [before?.name, after?.name].filter((name) => name !== undefined);
  const policies = await tx.query<{ expression: string }>(
    `SELECT expression FROM policies WHERE NOT disabled AND type IN ('Admin', 'Mixed') AND administrative_roles <> '{}'`,
  );
  const scripts = await tx.query<{ name: string; expression: string }>(
    'SELECT name, expression FROM criteria_scripts',
  );
  const texts = policies.map(({ expression }) => expression);
  if (names.some((name) => isCalled(name, texts, scripts))) mustBeFullAdministrator(privileges);
}

async function mustNotFeedAdministrators({
  tx,
  before,
  after,
  privileges,
}: Change<UserScript>): Promise<void> {
  const using = await tx.query(
    'SELECT 1 FROM identity_providers WHERE admin_provider AND user_scripts @> ARRAY[$1::uuid]',
    [(before ?? after)?.id],
  );
  if (using.length > 0) mustBeFullAdministrator(privileges);
}

/** Deleting one removes it from the providers that name it. */
async function leaveProviders({ tx, before, after }: Change<UserScript>): Promise<void> {
  if (before === null || after !== null) return;
  await tx.execute(
    'UPDATE identity_providers SET user_scripts = array_remove(user_scripts, $1) WHERE user_scripts @> ARRAY[$1::uuid]',
    [before.id],
  );
}
