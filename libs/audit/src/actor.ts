/** Who acts, as far as is known at the moment: every act takes one, every audit event keeps it. */
export interface Actor {
  principalId: string | null;
  accountId: string | null;
  /** A name for people; never used for a decision. */
  name: string | null;
  tokenAccessor: string | null;
  /** The caller's address after trusted proxies (S83); null for the server itself. */
  clientAddress: string | null;
  requestId: string | null;
}

/** The server itself, at start or in background work. */
export const SERVER: Actor = {
  principalId: null,
  accountId: null,
  name: 'sallyport',
  tokenAccessor: null,
  clientAddress: null,
  requestId: null,
};

/** Whoever has the server's host: the operator at the command line. */
export const OPERATOR: Actor = { ...SERVER, name: 'operator' };
