import { canonicalName, type IdentityProvider } from '@sallyport/identity';
import type { Transaction } from '@sallyport/platform';

/** Whether somebody of this name, who may not exist yet, was exempted from MFA (S53). */
export async function isExempted(
  tx: Transaction,
  provider: IdentityProvider,
  name: string,
): Promise<boolean> {
  const rows = await tx.query(
    'SELECT 1 FROM mfa_exemptions WHERE provider_canonical = $1 AND username_canonical = $2',
    [provider.nameCanonical, canonicalName(name)],
  );
  return rows.length > 0;
}
