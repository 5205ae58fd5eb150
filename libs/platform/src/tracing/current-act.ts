import { AsyncLocalStorage } from 'node:async_hooks';
import type { Span } from '@opentelemetry/api';

/** What a request is, to whoever writes a log line, counts, or measures below it. Nothing is decided by it. */
export interface CurrentAct {
  requestId: string;
  dialect: string;
  /** Null where it is not traced. */
  span: Span | null;
}

const acts = new AsyncLocalStorage<CurrentAct | undefined>();

/** Runs what answers a request, and all that comes of it. */
export function inAct<T>(act: CurrentAct, work: () => T): T {
  return acts.run(act, work);
}

/** Runs what is done for several requests at once. */
export function outsideActs<T>(work: () => T): T {
  return acts.run(undefined, work);
}

/** Undefined in the background. */
export function currentAct(): CurrentAct | undefined {
  return acts.getStore();
}

/** The dialect of the request that is answered; `none` in the background. */
export function dialectOfAct(): string {
  return acts.getStore()?.dialect ?? 'none';
}
