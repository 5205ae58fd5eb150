/** Whose request is judged. */
export interface AclSubject {
  /** Everything in force: the token's, the person's and those of the person's groups, canonical names. */
  policies: readonly string[];
  /** Of these, what the token itself carries. */
  tokenPolicies: readonly string[];
  /** Null for the root token and others without a person. */
  entityId: string | null;
  /** State of all policies, read in one statement with the token (S47). */
  version: number;
}

/** `root` opens everything; it comes with a token only, never through a person or group (vault.md §12). */
export function isRoot({ tokenPolicies }: Pick<AclSubject, 'tokenPolicies'>): boolean {
  return tokenPolicies.includes('root');
}
