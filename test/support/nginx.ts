import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = ['/usr/sbin/nginx', '/usr/local/sbin/nginx', '/opt/homebrew/bin/nginx'].find((path) =>
  existsSync(path),
);

/** Why there is no nginx to test against; null where there is one. */
export const NO_NGINX = PROGRAM
  ? null
  : 'skipped: nginx is not installed (Debian: apt-get install nginx-light)';

/** A file of the project. */
function ours(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

interface Running {
  url: string;
  stop(): Promise<void>;
}

/** nginx on loopback, with the committed example in its one server, and these behind it as `host:port`. */
export async function startNginx(upstreams: Record<string, string>): Promise<Running> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'nginx-'));
  const configuration = [
    ...(process.getuid?.() === 0 ? ['user root;'] : []),
    'daemon off; worker_processes 1; error_log stderr warn;',
    `pid ${folder}/nginx.pid;`,
    'events { worker_connections 256; }',
    'http {',
    'access_log off;',
    ...['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (kind) => `${kind}_temp_path ${folder}/${kind};`,
    ),
    ...Object.entries(upstreams).map(
      ([name, address]) => `upstream ${name} { server ${address}; keepalive 4; }`,
    ),
    `server { listen 127.0.0.1:${port};`,
    readFileSync(ours('deploy/nginx/forward-auth.conf'), 'utf8'),
    '} }',
  ].join('\n');
  writeFileSync(join(folder, 'nginx.conf'), configuration);
  const child = spawn(PROGRAM!, ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr'], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(child, port);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The committed tool on loopback. */
export async function startDemoTool(): Promise<Running> {
  const port = await freePort();
  const child = spawn(process.execPath, [ours('deploy/demo-tool.mjs')], {
    env: { PORT: String(port) },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(child, port);
  return { url: `http://127.0.0.1:${port}`, stop: () => end(child) };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await ended;
}

async function listening(child: ChildProcess, port: number): Promise<void> {
  let said = '';
  child.stderr!.on('data', (chunk) => (said += String(chunk)));
  for (let tries = 0; tries < 200; tries += 1) {
    if (child.exitCode !== null) break;
    if (await answers(port)) return;
    await pause(50);
  }
  throw new Error(`it did not start: ${said.slice(-2000)}`);
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}

/** A TCP port of loopback that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' ? address!.port : 0));
    });
  });
}
