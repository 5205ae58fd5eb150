import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const execute = promisify(execFile);

const ROOT = join(import.meta.dirname, '../..');
const PORT = '18443';

/** The compose stack, with volumes, networks and a port of its own beside one that may run already. */
export class RunningStack {
  readonly url = `https://127.0.0.1:${PORT}`;

  private constructor() {}

  /** Builds the image and starts everything that is behind no profile, until all of it is healthy. */
  static async up(): Promise<RunningStack> {
    const stack = new RunningStack();
    await stack.compose('build');
    await stack.start();
    return stack;
  }

  /** Starts everything that stays and is behind no profile; what it waits for is done before. */
  async start(): Promise<void> {
    await this.compose('up', '--detach', '--wait', 'nginx', 'tool', 'radius');
  }

  /** @returns what the command wrote to its standard output. */
  async compose(...args: string[]): Promise<string> {
    const { stdout } = await execute('docker', ['compose', '--project-name', 'sallyport-test', ...args], {
      cwd: ROOT,
      env: { ...process.env, STACK_TLS_PORT: PORT, STACK_NETWORK: '10.83.85' },
      maxBuffer: 64 * 1024 * 1024,
    });
    return stdout;
  }

  /** A file of a service that runs. */
  fileOf(service: string, path: string): Promise<string> {
    return this.compose('exec', '--no-TTY', service, ...printing(path));
  }

  /** One of the files of secrets, which no service shows. */
  async secret(path: string): Promise<string> {
    const command = printing(`/secrets/${path}`);
    return (await this.compose('run', '--rm', '--no-deps', '--no-TTY', 'secrets', ...command)).trim();
  }

  async down(): Promise<void> {
    await this.compose('--profile', '*', 'down', '--volumes', '--timeout', '5');
  }
}

/** The image has Node and no shell. */
function printing(path: string): string[] {
  return ['node', '--print', `fs.readFileSync('${path}', 'utf8')`];
}
