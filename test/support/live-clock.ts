import { Clock } from '@sallyport/platform';
import { TestClock } from './sallyport.js';

/** The clock of the process where a test wants one that goes: readiness compares it with the database's. */
export class LiveClock extends TestClock {
  override now(): Date {
    return Clock.prototype.now.call(this);
  }
}
