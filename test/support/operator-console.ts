import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { build } from '../../tools/build.ts';

const MAIN = join(import.meta.dirname, '../../dist/bundle/cli.js');

export interface Spoken {
  code: number | null;
  /** Standard output. */
  words: string;
  /** Standard error. */
  errors: string;
  /** Standard output, where `--json` was asked for. */
  data: any;
}

/** The built operator's command line, as a process of its own. */
export class OperatorConsole {
  constructor(private readonly settings: Record<string, string>) {}

  /** Runs a command to its end. @param input what is typed, or piped in. */
  async run(args: string[], input = ''): Promise<Spoken> {
    const child = this.launch(args);
    const words: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout!.on('data', (chunk: Buffer) => words.push(chunk));
    child.stderr!.on('data', (chunk: Buffer) => errors.push(chunk));
    child.stdin!.on('error', () => undefined);
    child.stdin!.end(input);
    const [code] = (await once(child, 'close')) as [number | null];
    const text = Buffer.concat(words).toString();
    return {
      code,
      words: text,
      errors: Buffer.concat(errors).toString(),
      data: args.includes('--json') && text !== '' ? JSON.parse(text) : undefined,
    };
  }

  /** Starts a command and leaves it running, to be killed. */
  launch(args: string[]): ChildProcess {
    if (!existsSync(MAIN)) build();
    const { PATH, HOME, TMPDIR } = process.env;
    return spawn(process.execPath, [MAIN, ...args], { env: { PATH, HOME, TMPDIR, ...this.settings } });
  }
}
