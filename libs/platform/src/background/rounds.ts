/** A work that is done again and again, from the start of the server to its end: never two rounds of it at once. */
export class Rounds {
  private timer: NodeJS.Timeout | null = null;
  private round: Promise<void> | null = null;

  /** @param work never rejects. */
  constructor(
    private readonly everyMs: number,
    private readonly work: () => Promise<void>,
  ) {}

  begin(): void {
    this.timer = setInterval(() => {
      this.round ??= this.work().finally(() => (this.round = null));
    }, this.everyMs);
    this.timer.unref();
  }

  /** Begins none any more, and waits for the one under way. */
  async end(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.round;
  }
}
