import { IdentityProvider } from '@sallyport/identity';
import { DomainError, type Violation } from '@sallyport/platform';
import { mustBeFullAdministrator } from '../escalation.js';
import type { Change, Collection } from '../objects/index.js';

/** What adds to the claims of a provider's users, and so can give them roles (contract appgate.md §3.5). */
const CLAIM_SOURCES = ['claimMappings', 'userScripts'];

/** Identity providers as `/admin` knows them; user stores of `/v1` mounts are none of them (contract appgate.md §5.3). */
export const IDENTITY_PROVIDERS: Collection<IdentityProvider> = {
  entity: IdentityProvider,
  target: 'IdentityProvider',
  noun: 'identity-provider',
  within: `o.type <> 'Userpass'`,
  fields: {
    type: { order: 'type', filter: 'type' },
    adminProvider: { order: 'admin_provider', filter: 'admin_provider::text' },
  },
  // Type and name never change, of no provider.
  changeableWhenBuiltIn: 'all',
  decidesPrivileges: true,
  validate: async (change) => {
    if (change.after === null) return;
    const violations = [...unchangeable(change), ...(await missingReferences(change))];
    if (violations.length > 0)
      throw new DomainError('invalid', 'invalid', 'The request is not valid.', { violations });
  },
  mayChange: ({ before, after, changed, privileges }) => {
    if (before === null || after === null || !(before.adminProvider || after.adminProvider)) return;
    if (changed.some((field) => CLAIM_SOURCES.includes(field))) mustBeFullAdministrator(privileges);
  },
};

/** The built-in `local` stays a provider for administrators. */
function unchangeable({ before, after }: Change<IdentityProvider>): Violation[] {
  if (before === null || after === null) return [];
  const fields = (['type', 'name'] as const).filter((field) => before[field] !== after[field]) as string[];
  if (before.type === 'LocalDatabase' && before.builtIn && !after.adminProvider) fields.push('adminProvider');
  return fields.map((field) => ({ field, message: 'may not be changed' }));
}

/** MFA providers and user scripts it names; the rows are held, so that none of them goes meanwhile. */
async function missingReferences({ tx, after }: Change<IdentityProvider>): Promise<Violation[]> {
  const violations: Violation[] = [];
  const mfaProviderId = (after?.settings['onBoarding2FA'] as { mfaProviderId: string } | undefined)
    ?.mfaProviderId;
  const known = await tx.query<{ id: string }>(
    `SELECT id FROM mfa_methods WHERE id = $1 AND 'appgate' = ANY(offered_at) FOR KEY SHARE`,
    [mfaProviderId ?? null],
  );
  if (mfaProviderId !== undefined && known.length === 0)
    violations.push({ field: 'onBoarding2FA.mfaProviderId', message: 'does not exist' });
  const scripts = await tx.query<{ id: string }>(
    'SELECT id FROM user_scripts WHERE id = ANY($1::uuid[]) FOR KEY SHARE',
    [after?.userScripts ?? []],
  );
  after?.userScripts.forEach((id, index) => {
    if (!scripts.some((script) => script.id === id))
      violations.push({ field: `userScripts[${index}]`, message: 'does not exist' });
  });
  return violations;
}
