import { setFlagsFromString } from 'node:v8';

/**
 * What a request makes lives no longer than the request. Where requests wait for their turn V8 finds so much of it alive that it takes it for
 * lasting and from then on makes it among what is old, where it keeps whole requests until the next full collection: a fifth of the processor
 * time of a token check, and twice its p99 (docs/benchmarks.md).
 */
export function neverPretenure(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}
