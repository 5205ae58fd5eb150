import { type ChildProcess, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { MALLOC_SETTINGS, NODE_FLAGS } from '../../../tools/node-command.ts';
import type { Round } from './load.ts';

const MAIN = fileURLToPath(new URL('../../../dist/bundle/server.js', import.meta.url));
/** The same program in its modules, where a preloaded one can reach into a package. */
export const IN_MODULES = fileURLToPath(new URL('../../../dist/apps/server/src/main.js', import.meta.url));
const UP = /http:\/\/127\.0\.0\.1:(\d+)/;
const START_MS = 60_000;

/** One side of a comparison: a process of its own, and what is measured of it. */
export interface Side {
  pid: number;
  /** Where it listens; 0 where it does not. */
  port: number;
  /** Asks a side that does the work by itself. */
  ask(order: object): Promise<Round>;
  stop(): Promise<void>;
  /** Ends it at once, as nothing else does: where only its start was wanted. */
  kill(): Promise<void>;
}

/** A program beside this one in `sides/`; it sends `{port}` when it is ready. */
export async function startSide(name: string, settings: Record<string, string>): Promise<Side> {
  const child = fork(new URL(`../sides/${name}.ts`, import.meta.url), {
    env: { ...bareEnvironment(), ...settings },
    serialization: 'advanced',
  });
  leaveWithUs(child);
  const gone = failed(child, name);
  gone.catch(() => undefined);
  const [{ port }] = (await Promise.race([once(child, 'message'), gone])) as [{ port: number }];
  return {
    pid: child.pid!,
    port,
    ask: async (order) => {
      child.send(order);
      const [round] = (await Promise.race([once(child, 'message'), gone])) as [Round];
      return round;
    },
    stop: () => ended(child, 'SIGTERM'),
    kill: () => ended(child, 'SIGKILL'),
  };
}

/** The built server as operators run it. */
export async function startServer(
  settings: Record<string, string>,
  flags: string[] = [],
  main = MAIN,
): Promise<Side> {
  const child = spawn(process.execPath, [...NODE_FLAGS, ...flags, main], {
    env: {
      ...bareEnvironment(),
      ...MALLOC_SETTINGS,
      NODE_ENV: 'production',
      PORT: '0',
      TLS_PORT: 'off',
      ...settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  leaveWithUs(child);
  let words = '';
  const port = new Promise<number>((resolve) => {
    const listen = (chunk: Buffer): void => {
      words += chunk.toString();
      const found = words.includes('Sallyport is up.') ? UP.exec(words)?.[1] : undefined;
      if (found === undefined) return;
      child.stdout.off('data', listen).resume();
      resolve(Number(found));
    };
    child.stdout.on('data', listen);
    child.stderr.on('data', (chunk: Buffer) => (words = (words + chunk.toString()).slice(-10_000)));
  });
  const late = new Promise<never>((_, reject) => {
    setTimeout(() => reject(new Error(`the server did not start:\n${words}`)), START_MS).unref();
  });
  const gone = once(child, 'exit').then(() => {
    throw new Error(`the server ended:\n${words}`);
  });
  gone.catch(() => undefined);
  return {
    pid: child.pid!,
    port: await Promise.race([port, late, gone]),
    ask: () => Promise.reject(new Error('the server is asked over HTTP')),
    // As a person at a terminal would: without the drain of SIGTERM (S90).
    stop: () => ended(child, 'SIGINT'),
    kill: () => ended(child, 'SIGKILL'),
  };
}

/** Whatever ends the run ends its sides. */
function leaveWithUs(child: ChildProcess): void {
  const leave = (): void => void child.kill('SIGKILL');
  process.once('exit', leave);
  child.once('exit', () => process.off('exit', leave));
}

function bareEnvironment(): Record<string, string | undefined> {
  return { PATH: process.env['PATH'], HOME: process.env['HOME'], TMPDIR: process.env['TMPDIR'] };
}

async function failed(child: ChildProcess, name: string): Promise<never> {
  const [code] = (await once(child, 'exit')) as [number | null];
  throw new Error(`the side ${name} ended with ${code}`);
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill(signal);
  const force = setTimeout(() => child.kill('SIGKILL'), 15_000);
  await exit;
  clearTimeout(force);
}
