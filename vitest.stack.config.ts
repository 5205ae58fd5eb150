import { defineConfig } from 'vitest/config';

/** The compose stack on a real engine: where there is one, and its images can be had. */
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    include: ['test/deploy/**/*.stack-spec.ts'],
    testTimeout: 120_000,
    hookTimeout: 900_000,
  },
});
