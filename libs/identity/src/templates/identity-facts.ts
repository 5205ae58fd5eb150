type Metadata = Readonly<Record<string, string>>;

/** What a template may tell of a login. */
export interface AliasFacts {
  id: string;
  /** The user name in its canonical form: it is part of paths. */
  name: string;
  /** What the auth mount says of the login; a user name and a password say nothing. */
  metadata: Metadata;
  customMetadata: Metadata;
}

/** What a template may tell of a group. */
export interface GroupFacts {
  id: string;
  name: string;
  metadata: Metadata;
}

/** What templates may tell of a person (contract vault.md §12 Templates). */
export interface IdentityFacts {
  id: string;
  /** Null while nobody has seen the person at `/v1` (§1.3). */
  name: string | null;
  metadata: Metadata;
  /** By mount accessor. */
  aliases: Readonly<Record<string, AliasFacts>>;
  /** Those the person is in, directly or by way of another group. */
  groups: readonly GroupFacts[];
}
