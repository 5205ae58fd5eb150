import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeBill } from './sbom.ts';

const ROOT = join(import.meta.dirname, '..');
const STAMP = join(ROOT, 'dist/.built');
const SOURCES = ['apps', 'libs', 'nest-cli.json', 'tsconfig.json', 'package-lock.json', 'openapi.json'];

/** What `npx sallyport` runs. */
const CONSOLE = join(ROOT, 'dist/bundle/cli.js');

/** Builds the server and the operator's command line into `dist/` unless what is there is newer than every source, or there are no sources (the image). */
export function buildWhenNeeded(): void {
  if (!existsSync(join(ROOT, 'apps')) || isCurrent()) return;
  process.stdout.write('Building Sallyport …\n');
  build();
}

export function build(): void {
  run('node_modules/@nestjs/cli/bin/nest.js', 'build');
  run('tools/bundle.ts');
  copyFileSync(join(ROOT, 'openapi.json'), join(ROOT, 'dist/openapi.json'));
  chmodSync(CONSOLE, 0o755);
  writeBill();
  writeFileSync(STAMP, '');
}

function run(program: string, ...words: string[]): void {
  execFileSync(process.execPath, [join(ROOT, program), ...words], { cwd: ROOT, stdio: 'inherit' });
}

function isCurrent(): boolean {
  if (!existsSync(STAMP)) return false;
  const built = statSync(STAMP).mtimeMs;
  return SOURCES.every((source) => newest(join(ROOT, source)) <= built);
}

function newest(path: string): number {
  if (!existsSync(path)) return 0;
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  return Math.max(mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

if (import.meta.main) build();
