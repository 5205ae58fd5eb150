import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ensureCertificate } from '../../apps/server/src/http/front/self-signed-certificate.js';
import { programOf } from './door-proxies.js';
import { freePort, listens } from './tcp-port.js';

const DEPLOY = join(import.meta.dirname, '../../deploy/nginx');

export interface StackNginx {
  url: string;
  stop(): Promise<void>;
}

/**
 * The nginx of the compose stack: the committed configuration with this machine's addresses and folders in the place of the stack's. Each answer says
 * in `X-Replica` where it came from.
 * @param replicas as `host:port`.
 */
export async function startStackNginx(replicas: [string, string]): Promise<StackNginx> {
  const folder = mkdtempSync(join(tmpdir(), 'stack-nginx-'));
  const port = await freePort();
  mkdirSync(join(folder, 'secrets'));
  await ensureCertificate(join(folder, 'secrets/proxy'), 'localhost', new Date());
  const configuration = readFileSync(join(DEPLOY, 'nginx.conf'), 'utf8')
    .replaceAll('/tmp/', `${folder}/`)
    .replaceAll('/secrets/', `${folder}/secrets/`)
    .replace('server-1:8200', replicas[0])
    .replace('server-2:8200', replicas[1])
    .replaceAll('fail_timeout=5s', 'fail_timeout=1s')
    .replace('tool:8000', '127.0.0.1:9')
    .replace('listen 8443 ssl', `listen 127.0.0.1:${port} ssl`)
    .replace('include forward-auth.conf', `include ${DEPLOY}/forward-auth.conf`)
    .replace('server_name _;', 'server_name _;\n    add_header X-Replica $upstream_addr always;');
  // Started as root, its workers would be somebody who may not look into this folder.
  const user = process.getuid?.() === 0 ? 'user root;\n' : '';
  writeFileSync(join(folder, 'nginx.conf'), user + configuration);
  const child = spawn(
    programOf('nginx')!,
    ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr', '-g', 'daemon off;'],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()));
  while (!(await listens(port))) {
    if (child.exitCode !== null) throw new Error(`nginx did not start: ${said}`);
    await pause(25);
  }
  return {
    url: `https://localhost:${port}`,
    stop: async () => {
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
