import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statfsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { BuildContext, copyStep, readDockerfile, type Stage } from './dockerfile.js';

const ROOT = join(import.meta.dirname, '../..');
/** What npm says where neither its cache nor a registry has a package. */
const UNREACHABLE = /\b(ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH)\b/;

export interface BuiltImage {
  /** The folder that would be the image's root. */
  root: string;
  /** The last stage of the Dockerfile. */
  stage: Stage;
  /** ENV of the last stage. */
  environment: Record<string, string>;
  remove(): Promise<void>;
}

const execute = promisify(execFile);
/** Two installations of packages are 40 000 files: in memory, where there is enough of it and programs may be run from there. */
const ENOUGH_BYTES = 3e9;
const MEMORY = '/dev/shm';

/**
 * Builds the image as the Dockerfile says, on this machine and without an engine: each stage is a folder, COPY copies into it what the
 * build context holds, RUN runs in it with nothing but Node, npm and the system's own PATH.
 * @returns the reason where npm can reach no registry and has not everything in its cache.
 * @throws Error with the words of a RUN that fails.
 */
export async function buildImage(): Promise<BuiltImage | { unreachable: string }> {
  const folder = mkdtempSync(join(isRoomy(MEMORY) ? MEMORY : tmpdir(), 'sallyport-image-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  const context = new BuildContext(ROOT);
  const stages = readDockerfile(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  const roots = new Map<string, string>();
  const environment: Record<string, string> = {};
  for (const stage of stages) {
    const root = join(folder, stage.name);
    mkdirSync(root, { recursive: true });
    roots.set(stage.name, root);
    let workdir = '/';
    for (const step of stage.steps) {
      if (step.instruction === 'WORKDIR') workdir = step.rest;
      if (step.instruction === 'WORKDIR') mkdirSync(join(root, workdir), { recursive: true });
      if (step.instruction === 'COPY') copyStep(step, context, roots, root, workdir);
      if (step.instruction === 'ENV' && stage === stages.at(-1))
        for (const [, name, value] of step.rest.matchAll(/(\w+)=(\S+)/g)) environment[name!] = value!;
      if (step.instruction !== 'RUN') continue;
      const words = await run(step.rest, join(root, workdir));
      if (words === null) continue;
      await remove();
      if (UNREACHABLE.test(words)) return { unreachable: words.slice(-500) };
      throw new Error(`RUN ${step.rest}\n${words}`);
    }
  }
  const stage = stages.at(-1)!;
  return { root: roots.get(stage.name)!, stage, environment, remove };
}

/** What leads to the registry from here. */
const NETWORK =
  /^(https?_proxy|no_proxy|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|npm_config_(registry|cafile|cache))$/i;

/** @returns its words where it fails. */
async function run(command: string, cwd: string): Promise<string | null> {
  const { HOME, PATH = '', TMPDIR, ...others } = process.env;
  const network = Object.entries(others).filter(([name]) => NETWORK.test(name));
  // Not the folder of the project's own programs, which `npm test` puts first.
  const programs = PATH.split(':').filter((one) => !one.includes('node_modules/.bin'));
  const env = {
    ...Object.fromEntries(network),
    HOME,
    TMPDIR,
    PATH: [dirname(process.execPath), ...programs].join(':'),
    npm_config_prefer_offline: 'true',
    npm_config_fetch_retries: '1',
  };
  try {
    await execute('sh', ['-c', command], { cwd, env });
    return null;
  } catch (failure) {
    const { stdout, stderr } = failure as { stdout: string; stderr: string };
    return `${stdout}\n${stderr}`;
  }
}

function isRoomy(folder: string): boolean {
  if (!existsSync(folder)) return false;
  const { bavail, bsize } = statfsSync(folder);
  const mounted = readFileSync('/proc/mounts', 'utf8')
    .split('\n')
    .find((line) => line.split(' ')[1] === folder);
  return bavail * bsize > ENOUGH_BYTES && !(mounted ?? 'noexec').includes('noexec');
}
