/** How long a push is waited for. */
export class PushPatience {
  /** Milliseconds from the push to the end of all waiting: less than the 60 s after which Vault's clients give up themselves. */
  waitMs = 55_000;
  /** Milliseconds between two questions about it. */
  pauseMs = 1_000;
}
