import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Everything a change must pass, in the order in which it fails fastest. The last line is `N passed, N failed`. */
const ROOT = join(import.meta.dirname, '..');
const BIN = join(ROOT, 'node_modules/.bin');

const CHECKS: [name: string, command: string, args: string[]][] = [
  ['format', 'prettier', ['--check', '.', '--log-level', 'warn']],
  ['lint', 'oxlint', ['--type-aware', '--deny-warnings']],
  ['types', 'tsc', ['--noEmit', '-p', 'tsconfig.json']],
  ['architecture', 'depcruise', ['apps', 'libs', '--config', '.dependency-cruiser.mjs']],
  ['build', 'node', ['tools/build.ts']],
  ['OpenAPI document', 'node', ['tools/openapi.ts', '--check']],
  ['supply chain', 'node', ['tools/supply-chain.ts']],
];

let passed = 0;
let failed = 0;

for (const [name, command, args] of CHECKS) {
  process.stdout.write(`\n▶ ${name}\n`);
  const { status } = spawnSync(command === 'node' ? process.execPath : join(BIN, command), args, {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status === 0) passed += 1;
  else failed += 1;
  process.stdout.write(status === 0 ? `✓ ${name}\n` : `✗ ${name}\n`);
}

process.stdout.write('\n▶ tests\n');
const folder = mkdtempSync(join(tmpdir(), 'sallyport-gate-'));
const report = join(folder, 'report.json');
const { status } = spawnSync(
  join(BIN, 'vitest'),
  ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${report}`, ...process.argv.slice(2)],
  { cwd: ROOT, stdio: 'inherit' },
);
const counted = countTests(report);
passed += counted.passed;
// A run that fails outside any test (a file that does not load, an unhandled error) has failed too.
failed += counted.failed + (status !== 0 && counted.failed === 0 ? 1 : 0);
rmSync(folder, { recursive: true });

process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 ? 0 : 1;

function countTests(file: string): { passed: number; failed: number } {
  try {
    const { numPassedTests, numFailedTests, numFailedTestSuites } = JSON.parse(readFileSync(file, 'utf8'));
    return { passed: numPassedTests, failed: numFailedTests || numFailedTestSuites };
  } catch {
    return { passed: 0, failed: 1 };
  }
}
