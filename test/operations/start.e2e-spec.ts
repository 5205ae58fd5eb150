import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { MALLOC_SETTINGS, NODE_FLAGS } from '../../tools/node-command.ts';
import { ChildServer } from '../support/child-server.js';

const START = join(import.meta.dirname, '../../tools/start.ts');

let folder: string;
let server: ChildServer;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-start-'));
  server = await ChildServer.start(folder, { MALLOC_ARENA_MAX: '1' }, START);
}, 120_000);
afterAll(async () => {
  await server.kill();
  rmSync(folder, { recursive: true, force: true });
});

/** What the kernel keeps of a process, a word each. */
const wordsOf = (file: string): string[] =>
  readFileSync(`/proc/${server.pid}/${file}`, 'utf8').split('\0').filter(Boolean);

it.runIf(process.platform === 'linux')(
  'npm start runs the server with the limits of the image, unless the caller chose others',
  () => {
    const words = wordsOf('cmdline');
    expect(words.slice(1, -1)).toEqual(expect.arrayContaining([...NODE_FLAGS]));
    expect(words.at(-1)).toMatch(/dist\/bundle\/server\.js$/);
    const wanted = Object.entries({ ...MALLOC_SETTINGS, MALLOC_ARENA_MAX: '1' });
    expect(wordsOf('environ')).toEqual(
      expect.arrayContaining(wanted.map(([name, value]) => `${name}=${value}`)),
    );
  },
);

it('the server writes nothing but JSON where nobody watches, and says where it is', () => {
  const lines = server.words.trimEnd().split('\n');
  const records = lines.map((line) => JSON.parse(line) as { level: string; message: string });
  expect(records.map(({ level }) => level).filter((level) => !/^(info|warn)$/.test(level))).toEqual([]);
  expect(records.at(-1)!.message).toMatch(/^Sallyport is up\. listens at http:\/\/127\.0\.0\.1:\d+, /);
});

it('npm start ends as the server does when it is told to', async () => {
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  server.signal('SIGINT');
  expect(await server.ended()).toBe(0);
});

it('npm passes what it is told on to the server, and ends with it', async () => {
  const npm = await ChildServer.startBy(['npm', 'start'], folder);
  expect((await fetch(`${npm.url}/readyz`)).status).toBe(200);
  npm.signal('SIGTERM');
  await npm.ended();
  await expect(fetch(`${npm.url}/healthz`)).rejects.toThrow('fetch failed');
}, 120_000);
