import { outsideActs } from '@sallyport/platform';

const WINDOW_MS = 1_000;

/** Lines that may come by the thousand: so many a second are written, and of the others how many there were. */
export class SparingLog {
  private written = 0;
  private window: NodeJS.Timeout | null = null;

  /** @param tellRest writes how many were left out in a second. */
  constructor(
    private readonly most: number,
    private readonly tellRest: (leftOut: number) => void,
  ) {}

  write(line: () => void): void {
    // What is told at the end of the second belongs to no request.
    this.window ??= outsideActs(() => setTimeout(() => this.endWindow(), WINDOW_MS).unref());
    this.written += 1;
    if (this.written <= this.most) line();
  }

  private endWindow(): void {
    const leftOut = this.written - this.most;
    this.written = 0;
    this.window = null;
    if (leftOut > 0) this.tellRest(leftOut);
  }
}
