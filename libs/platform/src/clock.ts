import { Injectable } from '@nestjs/common';

/**
 * The one clock of a process (S93). Every decision about time asks it; SQL gets its answer as a parameter.
 * It stands still where the host's clock is set back, so that what has ended once in this process stays so.
 */
@Injectable()
export class Clock {
  private latest = 0;

  now(): Date {
    this.latest = Math.max(this.latest, this.hostTime().getTime());
    return new Date(this.latest);
  }

  /** From now on it is no earlier than this. */
  notBefore(instant: Date): void {
    this.latest = Math.max(this.latest, instant.getTime());
  }

  /** What the host says, set back or not. */
  protected hostTime(): Date {
    return new Date();
  }
}

/** Seconds added to an instant. */
export function after(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000);
}
