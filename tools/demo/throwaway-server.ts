import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const MAIN = join(import.meta.dirname, '../../dist/bundle/server.js');
const START_MS = 60_000;

/** A built server with a database of its own in a temporary folder, on a free port of the loopback interface. */
export interface ThrowawayServer {
  url: string;
  adminPassword: string;
  rootToken: string;
  /** Ends the server and removes everything it wrote. */
  stop(): Promise<void>;
}

/** @throws Error with the server's own words when it does not come up within a minute. */
export async function startThrowawayServer(): Promise<ThrowawayServer> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-demo-'));
  const adminPassword = randomBytes(12).toString('base64url');
  const rootToken = `demo.${randomBytes(24).toString('base64url')}`;
  const child = spawn(process.execPath, [MAIN], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'],
      TMPDIR: process.env['TMPDIR'],
      PORT: '0',
      TLS_PORT: 'off',
      SALLYPORT_DATA_DIR: join(folder, 'data'),
      SALLYPORT_ADMIN_PASSWORD: adminPassword,
      SALLYPORT_ROOT_TOKEN: rootToken,
    },
  });
  const end = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGINT');
      await once(child, 'exit');
    }
    rmSync(folder, { recursive: true, force: true });
  };
  let ended: Promise<void> | undefined;
  const stop = (): Promise<void> => (ended ??= end());
  // Ctrl-C reaches the server too, which then stops by itself: we wait for it and leave nothing behind.
  process.once('SIGINT', () => void stop().then(() => process.exit(130)));
  // The same where nobody reads any further (`npm run demo | head`).
  process.stdout.on('error', () => void stop().then(() => process.exit(1)));
  try {
    return { url: await addressOf(child), adminPassword, rootToken, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The first address the server says it listens at. */
async function addressOf(child: ChildProcess): Promise<string> {
  let output = '';
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`The server does not come up.\n${output}`)), START_MS);
    const read = (chunk: Buffer): void => {
      output += chunk.toString();
      const address = /listens at +(http:[^\s,]+)/.exec(output)?.[1];
      if (address === undefined) return;
      clearTimeout(late);
      resolve(address);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', () => {
      clearTimeout(late);
      reject(new Error(`The server did not start.\n${output}`));
    });
  });
}
