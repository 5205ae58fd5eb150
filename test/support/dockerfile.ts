import { cpSync, existsSync, lchownSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';

export interface Step {
  instruction: string;
  /** `--from=build` as `{ from: 'build' }`. */
  flags: Record<string, string>;
  /** What follows the flags, on one line. */
  rest: string;
}

export interface Stage {
  name: string;
  /** With ARGs filled in. */
  from: string;
  steps: Step[];
}

/** Reads a Dockerfile into its stages: comments dropped, continued lines joined, global ARGs with their defaults. */
export function readDockerfile(text: string): Stage[] {
  const lines = text
    .replace(/^\s*#.*\n?/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
  const defaults = new Map<string, string>();
  const stages: Stage[] = [];
  for (const step of lines.map(readStep)) {
    if (step.instruction === 'ARG' && stages.length === 0) {
      const [name = '', value = ''] = step.rest.split(/=(.*)/s, 2);
      defaults.set(name, value);
    } else if (step.instruction === 'FROM') {
      const [from = '', , name] = step.rest.split(/\s+/);
      const filled = from.replace(/\$\{(\w+)\}/g, (_all, name: string) => defaults.get(name) ?? '');
      stages.push({ name: name ?? `${stages.length}`, from: filled, steps: [] });
    } else stages.at(-1)!.steps.push(step);
  }
  return stages;
}

function readStep(line: string): Step {
  const [, instruction = '', flagged = '', rest = ''] = /^(\S+)\s+((?:--\S+\s+)*)(.*)$/s.exec(line) ?? [];
  const flags = [...flagged.matchAll(/--([\w-]+)(?:=(\S+))?/g)].map(([, name, value]) => [name, value ?? '']);
  return { instruction, flags: Object.fromEntries(flags), rest: rest.replace(/\s+/g, ' ') };
}

/** What `.dockerignore` lets into the build; the last pattern that matches a path, or a folder above it, decides. */
export class BuildContext {
  private readonly patterns: { glob: RegExp; keeps: boolean }[];

  constructor(readonly root: string) {
    this.patterns = readFileSync(join(root, '.dockerignore'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => ({ glob: readGlob(line.replace(/^!/, '')), keeps: line.startsWith('!') }));
  }

  holds(path: string): boolean {
    const above = path.split('/').map((_part, index, parts) => parts.slice(0, index + 1).join('/'));
    return this.patterns.findLast(({ glob }) => above.some((one) => glob.test(one)))?.keeps ?? true;
  }

  /** Every file of the context below a path of it, as paths of the context. */
  files(path: string): string[] {
    const whole = join(this.root, path);
    if (!existsSync(whole)) return [];
    if (statSync(whole).isFile()) return this.holds(path) ? [path] : [];
    return readdirSync(whole, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative(this.root, join(entry.parentPath, entry.name)))
      .filter((file) => this.holds(file));
  }
}

/** As Docker reads it: `*` stops at a slash and takes names that begin with a dot too. */
function readGlob(pattern: string): RegExp {
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*\*\//g, '<any>')
    .replace(/\*/g, '[^/]*')
    .replace(/<any>/g, '(.*/)?');
  return new RegExp(`^${source}$`);
}

/**
 * Does on this machine what an engine does with COPY: from the context or from another stage's folder into `target`.
 * @param workdir of the stage, at which relative destinations begin.
 * @throws Error where a source is not there, or is kept out by `.dockerignore`.
 */
export function copyStep(
  step: Step,
  context: BuildContext,
  stages: Map<string, string>,
  target: string,
  workdir: string,
): void {
  const words = step.rest.split(' ');
  const destination = words.pop()!;
  const to = join(target, destination.startsWith('/') ? destination : join(workdir, destination));
  const intoFolder = destination.endsWith('/') || words.length > 1;
  for (const source of words) {
    const stage = step.flags['from'];
    if (stage === undefined) copyFromContext(context, source, to, intoFolder);
    else cpSync(join(stages.get(stage)!, source), to, { recursive: true, verbatimSymlinks: true });
  }
  const owner = /^(\d+):(\d+)$/.exec(step.flags['chown'] ?? '');
  if (owner && process.getuid?.() === 0)
    for (const path of ['', ...readdirSync(to, { recursive: true, encoding: 'utf8' })])
      lchownSync(join(to, path), Number(owner[1]), Number(owner[2]));
}

function copyFromContext(context: BuildContext, source: string, to: string, intoFolder: boolean): void {
  const files = context.files(source);
  if (files.length === 0) throw new Error(`COPY ${source}: not in the build context`);
  const isFolder = statSync(join(context.root, source)).isDirectory();
  for (const file of files) {
    const target = isFolder ? join(to, relative(source, file)) : intoFolder ? join(to, basename(file)) : to;
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(context.root, file), target);
  }
}
