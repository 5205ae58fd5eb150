import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createConfig, formatProblems, getTotals, lint } from '@redocly/openapi-core';
import prettier from 'prettier';

/** Writes `openapi.json` from the built server's routes and lints it; with `--check` fails where the committed one differs. */
const ROOT = join(import.meta.dirname, '..');
const FILE = join(ROOT, 'openapi.json');

const RULES = {
  extends: ['recommended' as const],
  rules: {
    // The verb LIST is shown as GET on a path with a slash; servers are on loopback; health has no failure of the caller's.
    'no-path-trailing-slash': 'off' as const,
    'no-server-example.com': 'off' as const,
    'operation-4xx-response': 'off' as const,
    // `/method/totp` beside `/method/{type}`: a literal segment wins (contract appgate.md §1.1, vault.md §5).
    'no-ambiguous-paths': 'off' as const,
    'no-identical-paths': 'error' as const,
  },
};

async function describe(): Promise<string> {
  await import('reflect-metadata');
  const { describeApi } = await import(
    pathToFileURL(join(ROOT, 'dist/apps/server/src/openapi/describe-api.js')).href
  );
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string };
  return prettier.format(JSON.stringify(await describeApi(version)), { parser: 'json', printWidth: 110 });
}

async function problems(): Promise<number> {
  const found = await lint({ ref: FILE, config: await createConfig(RULES) });
  const totals = getTotals(found);
  if (totals.errors + totals.warnings > 0)
    formatProblems(found, { format: 'codeframe', totals, version: '' });
  return totals.errors + totals.warnings;
}

const text = await describe();
let failures = 0;
if (!process.argv.includes('--check')) writeFileSync(FILE, text);
else if (readFileSync(FILE, 'utf8') !== text) {
  process.stderr.write('openapi.json is not current: run `npm run openapi` and commit it.\n');
  failures += 1;
}
failures += await problems();
process.exit(failures === 0 ? 0 : 1);
