import { defineConfig } from 'vitest/config';

/** The specs of the sign-in, which S89 wants run over replicas that restart. */
const SIGN_IN = [
  'appgate/authentication',
  'appgate/authorization',
  'appgate/several-factors',
  'appgate/token-states',
  'vault/two-phase-login',
  'vault/single-phase-login',
  'security/requirement',
].map((name) => `test/${name}.e2e-spec.ts`);

/** The long faults, one after the other: each wants the machine for itself. */
export default defineConfig({
  resolve: { tsconfigPaths: true },
  test: {
    maxWorkers: 1,
    fileParallelism: false,
    projects: [
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.fault-spec.ts'],
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['reflect-metadata'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'sign-in over replicas that restart (S89)',
          include: SIGN_IN,
          env: { SALLYPORT_TEST_REPLICAS: '3' },
          globalSetup: ['test/support/global-setup.ts'],
          setupFiles: ['reflect-metadata'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
