import { Injectable } from '@nestjs/common';

/** The one clock of a process (S93). Every decision about time asks it; SQL gets its answer as a parameter. */
@Injectable()
export class Clock {
  now(): Date {
    return new Date();
  }
}

/** Seconds added to an instant. */
export function after(instant: Date, seconds: number): Date {
  return new Date(instant.getTime() + seconds * 1000);
}
