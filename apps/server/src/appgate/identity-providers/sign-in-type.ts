import type { IdentityProviderType } from '@sallyport/identity';

export const SIGN_IN_TYPES = ['Credentials', 'Saml', 'Oidc', 'Certificate'] as const;
export type SignInType = (typeof SIGN_IN_TYPES)[number];

/** What clients prove themselves with at providers of a type (appgate.md §2.2). */
export function signInTypeOf(type: IdentityProviderType): SignInType {
  if (type === 'Saml' || type === 'Oidc') return type;
  return type === 'LdapCertificate' ? 'Certificate' : 'Credentials';
}
