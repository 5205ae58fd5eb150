import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { buildWhenNeeded } from '../../tools/build.ts';

const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/bundle/server.js');
const START_MS = 60_000;

/** The built server as a process of its own, with its embedded database in a folder of the test's. */
export class ChildServer {
  private output = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly dataDirectory: string,
  ) {
    child.stdout!.on('data', (chunk) => (this.output += chunk));
    child.stderr!.on('data', (chunk) => (this.output += chunk));
  }

  /** Starts it, or another build of it, and waits until it listens. @throws Error with its words where it ends instead. */
  static async start(
    dataDirectory: string,
    settings: Record<string, string> = {},
    main = MAIN,
  ): Promise<ChildServer> {
    return ChildServer.up(ChildServer.launch(dataDirectory, settings, main));
  }

  private static async up(server: ChildServer): Promise<ChildServer> {
    const deadline = Date.now() + START_MS;
    while (!server.output.includes('Sallyport is up.')) {
      if (server.hasEnded || Date.now() > deadline)
        throw new Error(`the server did not start:\n${server.output}`);
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    return server;
  }

  /** Starts it where it is expected to refuse. @returns its exit code and its words. */
  static async refusal(
    dataDirectory: string,
    settings: Record<string, string> = {},
  ): Promise<{ code: number | null; words: string }> {
    const server = ChildServer.launch(dataDirectory, settings);
    return { code: await server.ended(), words: server.output };
  }

  /** Starts it by a command of an operator's, in the project's folder. */
  static async startBy(
    [program, ...words]: [string, ...string[]],
    dataDirectory: string,
    settings: Record<string, string> = {},
  ): Promise<ChildServer> {
    return ChildServer.up(ChildServer.spawn(program, words, dataDirectory, settings));
  }

  private static launch(dataDirectory: string, settings: Record<string, string>, main = MAIN): ChildServer {
    return ChildServer.spawn(process.execPath, [main], dataDirectory, settings);
  }

  private static spawn(
    program: string,
    words: string[],
    dataDirectory: string,
    settings: Record<string, string>,
  ): ChildServer {
    if (!existsSync(MAIN)) buildWhenNeeded();
    const environment = {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TMPDIR: process.env['TMPDIR'],
    };
    const own = {
      PORT: '0',
      TLS_PORT: 'off',
      SALLYPORT_DATA_DIR: dataDirectory,
      SALLYPORT_FAILURE_FLOOR_MS: '0',
    };
    const child = spawn(program, words, {
      cwd: ROOT,
      env: { ...environment, ...own, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return new ChildServer(child, dataDirectory);
  }

  get url(): string {
    return /http:\/\/127\.0\.0\.1:\d+/.exec(this.output)![0];
  }

  /** Everything it has said so far. */
  get words(): string {
    return this.output;
  }

  get pid(): number {
    return this.child.pid!;
  }

  private get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  /** As a crash would: nothing is tidied up. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended();
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** @returns the exit code; null after a signal. */
  async ended(): Promise<number | null> {
    if (!this.hasEnded) await once(this.child, 'exit');
    return this.child.exitCode;
  }
}
