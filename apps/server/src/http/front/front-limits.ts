/** What one connection may take (S82). Times in milliseconds. */
export interface FrontLimits {
  /** Bytes of one request head; the HTTP parser's own limit is set to the same number. */
  headBytes: number;
  /** From the first byte of a request (or from the connection) to the end of its head. */
  headMs: number;
  /** From the end of the head to the end of the body. */
  bodyMs: number;
  /** An idle keep-alive connection. */
  idleMs: number;
  /** How long a peer may take none of an answer. */
  stallMs: number;
  /** How long input is still read and thrown away after the last answer, so that it is not lost in a reset. */
  lingerMs: number;
  /** Connections at once, per listener. */
  connections: number;
}

export const FRONT_LIMITS: FrontLimits = {
  headBytes: 16 * 1024,
  headMs: 10_000,
  bodyMs: 30_000,
  idleMs: 60_000,
  stallMs: 60_000,
  lingerMs: 3_000,
  connections: 10_000,
};
