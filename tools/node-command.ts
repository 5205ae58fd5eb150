/**
 * How Node runs the server, here and in the image, whose Dockerfile says the same (test/deploy/dockerfile.e2e-spec.ts): limits that V8 and
 * glibc read at their own start alone. What each of them is worth stands in docs/benchmarks.md.
 */
export const NODE_FLAGS = [
  '--max-semi-space-size=8',
  '--max-old-space-size=512',
  '--no-maglev',
  '--no-sparkplug',
] as const;

export const MALLOC_SETTINGS = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_TRIM_THRESHOLD_: '131072',
  MALLOC_MMAP_THRESHOLD_: '16384',
} as const;
