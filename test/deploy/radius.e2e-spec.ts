import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_FREE_RADIUS } from '../support/free-radius.js';

const ROOT = join(import.meta.dirname, '../..');
const PORT = 18_120 + (process.pid % 1_000);
const RADCLIENT = spawnSync('radclient', ['-v'], { stdio: 'ignore' }).status === 0;
const WITHOUT =
  NO_FREE_RADIUS ?? (RADCLIENT ? null : 'skipped: radclient is not installed (Debian: freeradius-utils)');

/** The compose stack's FreeRADIUS, as its configuration is committed, with secrets as the stack makes them. */
describe.skipIf(WITHOUT !== null)(
  `the stack's RADIUS server${WITHOUT === null ? '' : ` (${WITHOUT})`}`,
  () => {
    let folder: string;
    let radius: ChildProcess;
    let code: string;

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'stack-radius-'));
      spawnSync(process.execPath, [join(ROOT, 'deploy/make-secrets.mjs'), join(folder, 'secrets')]);
      cpSync(join(ROOT, 'deploy/freeradius'), join(folder, 'config'), { recursive: true });
      const file = join(folder, 'config/radiusd.conf');
      const configuration = readFileSync(file, 'utf8')
        .replaceAll('= /tmp', `= ${folder}`)
        .replaceAll('/secrets/', `${folder}/secrets/`)
        .replace('port = 1812', `port = ${PORT}`);
      writeFileSync(file, configuration);
      code = /"(\d{6})"/.exec(readFileSync(join(folder, 'secrets/radius/users'), 'utf8'))![1]!;
      const program = spawnSync('sh', [
        '-c',
        'command -v freeradius || command -v radiusd || echo /usr/sbin/freeradius',
      ]);
      radius = spawn(program.stdout.toString().trim(), ['-f', '-l', 'stdout', '-d', join(folder, 'config')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let words = '';
      for await (const chunk of radius.stdout!) {
        words += String(chunk);
        if (words.includes('Ready to process requests')) return;
      }
      throw new Error(`FreeRADIUS did not start:\n${words}`);
    });
    afterAll(async () => {
      if (radius?.exitCode === null) {
        const ended = once(radius, 'exit');
        radius.kill();
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    });

    /** @returns its exit code: 0 for an accept. */
    function ask(kind: 'auth' | 'status', attributes: string): number | null {
      return spawnSync(
        'radclient',
        [
          '-q',
          '-d',
          join(folder, 'config'),
          '-S',
          join(folder, 'secrets/radius/secret'),
          '-r',
          '1',
          '-t',
          '2',
          `127.0.0.1:${PORT}`,
          kind,
        ],
        { input: attributes, stdio: ['pipe', 'ignore', 'ignore'] },
      ).status;
    }

    it('answers the health check', () => {
      expect(ask('status', 'Message-Authenticator=0x00')).toBe(0);
    });

    it('takes the code of its user, by PAP and by CHAP, and no other', () => {
      for (const kind of ['User-Password', 'CHAP-Password']) {
        expect(ask('auth', `User-Name=rita,${kind}=${code},Message-Authenticator=0x00`)).toBe(0);
        expect(ask('auth', `User-Name=rita,${kind}=x${code},Message-Authenticator=0x00`)).not.toBe(0);
        expect(ask('auth', `User-Name=mallory,${kind}=${code},Message-Authenticator=0x00`)).not.toBe(0);
      }
    });

    it('is silent to requests without a Message-Authenticator (CVE-2024-3596)', () => {
      expect(ask('auth', `User-Name=rita,CHAP-Password=${code}`)).not.toBe(0);
    });
  },
);
