import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { licenceOf } from './sbom.ts';
import { readAdvisories, type Severity } from './supply-chain/advisories.ts';
import { refusedLicences } from './supply-chain/licences.ts';
import { readLockFile } from './supply-chain/lock-file.ts';
import { undecidedScripts, unpinnedPackages } from './supply-chain/sources.ts';

/**
 * What comes in from others (S97): each package of the lock file is pinned by its hash and comes from the registry, runs no install script
 * but those decided about, has a licence that is allowed, and has no known advisory of weight. Exit code 1 where one does not hold.
 */
const ROOT = join(import.meta.dirname, '..');
const AUDIT_MS = 60_000;

const read = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const packages = readLockFile(read('package-lock.json'));
const { allowScripts = {} } = JSON.parse(read('package.json')) as { allowScripts?: Record<string, boolean> };

let failures = 0;
tell(`${packages.length} packages pinned by their hash`, unpinnedPackages(packages));
const run = Object.keys(allowScripts).filter((name) => allowScripts[name]);
tell(
  `install scripts: ${run.join(', ') || 'none'} may run, the others are refused`,
  undecidedScripts(packages, allowScripts),
);
const licensed = packages.map((locked) => ({ ...locked, licence: licenceOf(ROOT, locked) }));
tell(
  `licences of production: ${tally(licensed.filter((one) => one.production))}\n  of development: ${tally(licensed.filter((one) => !one.production))}`,
  refusedLicences(licensed),
);
tellAdvisories('production', 'moderate', ['--omit=dev']);
tellAdvisories('everything', 'high', []);
process.exitCode = failures === 0 ? 0 : 1;

function tell(holds: string, problems: string[]): void {
  failures += problems.length;
  process.stdout.write(problems.length === 0 ? `  ${holds}\n` : '');
  for (const problem of problems) process.stderr.write(`  ✗ ${problem}\n`);
}

function tellAdvisories(what: string, least: Severity, options: string[]): void {
  const { stdout, stderr } = spawnSync(
    'npm',
    ['audit', '--json', '--fetch-retries=0', '--fetch-timeout=20000', ...options],
    { cwd: ROOT, encoding: 'utf8', timeout: AUDIT_MS },
  );
  const advisories = readAdvisories(stdout || stderr || '', least);
  if (!advisories.asked)
    return void process.stdout.write(
      `  !! ADVISORIES OF ${what.toUpperCase()} WERE NOT ASKED FOR: ${advisories.reason}\n     Nothing is known about known holes; run \`npm audit\` where the registry answers it.\n`,
    );
  tell(`no advisories of ${what} from ${least} on (${advisories.lesser} below)`, advisories.found);
}

function tally(licensed: { licence: string | undefined }[]): string {
  const counts = new Map<string, number>();
  for (const { licence = 'none' } of licensed) counts.set(licence, (counts.get(licence) ?? 0) + 1);
  return [...counts].map(([licence, count]) => `${licence} ${count}`).join(', ');
}
