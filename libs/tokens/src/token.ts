import type { AssuranceLevel } from './assurance-level.js';

/** A second factor that was proven, kept on the sign-in and then on the token: assurance belongs to the session. */
export interface CompletedFactor {
  methodId: string;
  type: string;
  /** RFC 3339, UTC. */
  time: string;
}

/** Which dialect issued a token, and so which may take it. */
export type TokenOrigin = 'appgate' | 'vault';

/** A live token; times are instants, lives are seconds. The secret itself is known to its holder only. */
export interface Token {
  id: string;
  accessor: string;
  origin: TokenOrigin;
  principalId: string | null;
  accountId: string | null;
  localUserId: string | null;
  mountId: string | null;
  sessionId: string;
  parentId: string | null;
  deviceId: string | null;
  policies: string[];
  /** ACL policies of the principal, read with the token (vault.md §12). */
  identityPolicies: string[];
  /** State of all ACL policies when it was read (S47). */
  aclEpoch: number;
  factors: CompletedFactor[];
  /** Follows from the factors (S43). */
  assuranceLevel: AssuranceLevel;
  metadata: Record<string, string> | null;
  path: string;
  displayName: string;
  /** Null: as often as wanted. */
  usesLeft: number | null;
  orphan: boolean;
  renewable: boolean;
  creationTtl: number;
  period: number;
  explicitMaxTtl: number;
  boundCidrs: string[];
  clientAddress: string;
  issuedAt: Date;
  /** Null: never (root). */
  expiresAt: Date | null;
  lastRenewedAt: Date | null;
  /** The role it was created by. */
  role: string | null;
  /** When the password that earned it was right; null: not known, which counts as long ago (S61). */
  passwordProvenAt: Date | null;
}

/** Everything that is decided when a token is issued. */
export interface NewToken {
  origin: TokenOrigin;
  /** Taken over from the installer only; otherwise drawn. */
  secret?: string;
  principalId: string | null;
  accountId: string | null;
  localUserId: string | null;
  mountId: string | null;
  sessionId: string;
  parentId?: string | null;
  deviceId?: string | null;
  policies: string[];
  factors: CompletedFactor[];
  metadata: Record<string, string> | null;
  path: string;
  displayName: string;
  usesLeft?: number | null;
  orphan: boolean;
  renewable: boolean;
  /** Seconds until it ends; null: never. */
  ttl: number | null;
  /** An end that stands already (of the session, of a parent); the earlier of the two counts. */
  endsBy?: Date | null;
  period?: number;
  explicitMaxTtl?: number;
  /** Absent: those of the parent, where there is one (vault.md §9). */
  boundCidrs?: string[];
  /** Seconds without use after which it is dead (S34); null: none. */
  idleSeconds?: number | null;
  clientAddress: string;
  role?: string | null;
  passwordProvenAt?: Date | null;
}
