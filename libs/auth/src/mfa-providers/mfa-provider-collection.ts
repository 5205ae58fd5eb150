import { MfaProvider } from '@sallyport/mfa-methods';
import { DomainError } from '@sallyport/platform';
import type { Change, Collection } from '@sallyport/privileges';

/** MFA methods as `/admin` knows them (contract appgate.md §4.1). */
export const MFA_PROVIDERS: Collection<MfaProvider> = {
  entity: MfaProvider,
  target: 'MfaProvider',
  noun: 'method',
  auditedType: 'mfa-method',
  fields: { type: { order: 'type', filter: 'type' } },
  // Of a built-in one's settings only the input type is ever written (`MfaProvidersService`).
  changeableWhenBuiltIn: ['config', 'notes', 'tags'],
  validate: async (change) => {
    if (change.after === null) return mustBeUnused(change);
    if (change.before !== null && change.before.type !== change.after.type)
      throw DomainError.invalid('type', 'may not be changed');
  },
};

/** Deleting one that is owed would switch MFA off silently. Whoever names it holds its row: this comes after them. */
async function mustBeUnused({ tx, before }: Change<MfaProvider>): Promise<void> {
  const users = await tx.query(USERS, [before?.id]);
  if (users.length > 0) throw new DomainError('conflict', 'in-use', 'The object is in use.');
}

const USERS = `
  SELECT 1 FROM admin_mfa_settings WHERE provider_id = $1::uuid
  UNION ALL SELECT 1 FROM login_enforcements WHERE $1::uuid = ANY(mfa_method_ids)
  UNION ALL SELECT 1 FROM identity_providers WHERE settings->'onBoarding2FA'->>'mfaProviderId' = $1::uuid::text`;
