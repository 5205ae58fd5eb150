import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  chownSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { readLockFile } from '../../tools/supply-chain/lock-file.js';
import { type BuiltImage, buildImage } from '../support/built-image.js';
import { send } from '../support/send.js';
import { withTestDatabase } from '../support/test-database.js';

const ROOT = join(import.meta.dirname, '../..');
const LIMIT_MB = 250;
/** A library beside Node is needed from glibc; elsewhere the image cannot be put together from this machine. */
const HERE =
  process.platform === 'linux' && existsSync('/usr/bin/ldd') && !existsSync('/lib/ld-musl-x86_64.so.1');
const AS_ROOT = process.getuid?.() === 0;

/** The image as its Dockerfile builds it, step by step on this machine; where the tests run as root, it is then the whole world (chroot). */
describe.skipIf(!HERE)('the image', () => {
  const database = withTestDatabase();
  let image: BuiltImage;
  let unreachable: string | undefined;
  let files: string[];

  beforeAll(async () => {
    const built = await buildImage();
    if ('unreachable' in built) {
      unreachable = `skipped, npm reaches no registry: ${built.unreachable}`;
      process.stderr.write(`${unreachable}\n`);
      return;
    }
    image = built;
    files = readdirSync(image.root, { recursive: true, encoding: 'utf8' }).filter((path) =>
      lstatSync(join(image.root, path)).isFile(),
    );
  }, 300_000);
  beforeEach((context) => context.skip(unreachable !== undefined, unreachable));
  afterAll(() => image?.remove(), 120_000);

  it(`S97 stays under ${LIMIT_MB} MB`, () => {
    const bytes = files.reduce((sum, path) => sum + statSync(join(image.root, path)).size, 0);
    expect(bytes / 1e6).toBeLessThan(LIMIT_MB);
  });

  it('S97 holds one program, and it is Node: no shell, no package manager, no compiler', () => {
    const programs = files.filter(
      (path) => /(^|\/)s?bin\//.test(path) && !path.startsWith('app/node_modules/'),
    );
    expect(programs).toEqual(['usr/local/bin/node']);
    const tools =
      /(^|\/)(sh|bash|dash|busybox|apt|dpkg|perl|python3?|curl|wget|npm|npx|yarn|pnpm|corepack|tsc|gcc|make|initdb|postgres)$/;
    expect(files.filter((path) => tools.test(path))).toEqual([]);
    expect(existsSync(join(image.root, 'app/node_modules/npm'))).toBe(false);
  });

  it('S97 holds no dependency of development, no test, no source and no map', () => {
    const lock = readLockFile(readFileSync(join(ROOT, 'package-lock.json'), 'utf8'));
    const surplus = lock.filter(
      (locked) => !locked.production && existsSync(join(image.root, 'app', locked.path)),
    );
    expect(surplus.map(({ path }) => path)).toEqual([]);
    expect(files.filter((path) => /\.(map|ts|mts|cts)$|[.-](spec|test)\.[cm]?js$/.test(path))).toEqual([]);
    expect(files.filter((path) => /\/(test|tests|__tests__)\//.test(path))).toEqual([]);
  });

  it('S97 holds no secret and nothing a server has written', () => {
    expect(
      files.filter((path) =>
        /\.(pem|key|p12|pfx|env)$|(^|\/)(\.env|\.npmrc|bootstrap\.json|id_rsa)$/.test(path),
      ),
    ).toEqual([]);
    expect(files.filter((path) => /^(data|secrets|tmp|root|home)\//.test(path))).toEqual([]);
  });

  it('S97 carries the bill of exactly the packages that lie in it', () => {
    const bill = JSON.parse(readFileSync(join(image.root, 'app/dist/sbom.cdx.json'), 'utf8')) as {
      components: { type: string; name: string; version: string }[];
    };
    const listed = bill.components.filter(({ type }) => type === 'library');
    const installed = files
      .filter((path) => /^app\/(.*\/)?node_modules\/(@[^/]+\/)?[^/@]+\/package\.json$/.test(path))
      .map(
        (path) =>
          JSON.parse(readFileSync(join(image.root, path), 'utf8')) as { name: string; version: string },
      );
    const named = (all: { name: string; version: string }[]) =>
      [...new Set(all.map(({ name, version }) => `${name}@${version}`))].toSorted();
    expect(named(listed)).toEqual(named(installed));
    expect(bill.components).toContainEqual(expect.objectContaining({ type: 'platform', name: 'node' }));
  });

  it(`S97 runs with nothing but what is in it, as nobody in particular, and says when it is ready${AS_ROOT ? '' : ' (not root: without chroot)'}`, async () => {
    const doorway = await throughTcp(inject('socketDirectory'));
    const name = new URL(database.url.replace('@/', '@host/')).pathname;
    const masterKey = join(image.root, 'secrets/master.key');
    writeFileSync(masterKey, `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
    if (AS_ROOT) chownSync(masterKey, 10001, 10001);
    const { port } = doorway.address() as { port: number };
    const settings = {
      ...image.environment,
      HOST: '127.0.0.1',
      TLS_PORT: '0',
      DATABASE_URL: `postgres://sallyport@127.0.0.1:${port}${name}`,
      SALLYPORT_MASTER_KEY_FILE: inside('/secrets/master.key'),
      SALLYPORT_DATA_DIR: inside('/data'),
      SALLYPORT_ACCEPT_UNSAFE_DATABASE: 'fsync,full_page_writes,synchronous_commit',
    };
    const server = launch(image.stage.steps.find((step) => step.instruction === 'CMD')!.rest, settings);
    const words = await said(server, 'Sallyport is up.');
    const listening = /https:\/\/127\.0\.0\.1:(\d+)/.exec(words)![1]!;

    const health = image.stage.steps.find((step) => step.instruction === 'HEALTHCHECK')!.rest;
    const check = launch(health.replace(/^CMD /, ''), { ...settings, TLS_PORT: listening });
    const [code] = await once(check, 'exit');
    expect(code).toBe(0);
    const doctor = launch('["node", "dist/bundle/cli.js", "keys", "list"]', settings);
    expect(await said(doctor, '\n')).toMatch(/key/i);
    expect(words).not.toContain('documentation');
    for (const page of ['/docs', '/docs/openapi.json', '/metrics'])
      expect((await send({ method: 'GET', url: `https://127.0.0.1:${listening}${page}` })).status).toBe(404);

    server.kill('SIGINT');
    const [ended] = await once(server, 'exit');
    expect(ended).toBe(0);
    doorway.close();
  }, 60_000);

  it('S97 does not start with a setting it does not know, and shows its name only', async () => {
    const misspelt = launch(image.stage.steps.find((step) => step.instruction === 'CMD')!.rest, {
      ...image.environment,
      SALLYPORT_MASTER_KEY: 'planted-c2VjcmV0',
    });
    const words = await said(misspelt, 'is not a setting');
    expect(words).toContain('SALLYPORT_MASTER_KEY');
    expect(words).not.toContain('planted');
    const code = misspelt.exitCode ?? (await once(misspelt, 'exit'))[0];
    expect(code).toBe(1);
  });

  /** A path of the image, as the process sees it. */
  function inside(path: string): string {
    return AS_ROOT ? path : join(image.root, path);
  }

  /** Runs a command in exec form (JSON) as the container would: as user 10001, with the image's folder for its root. */
  function launch(command: string, environment: Record<string, string>): ChildProcess {
    const [, ...given] = JSON.parse(command) as string[];
    const args = given.map((word) => (/\.m?js$/.test(word) ? inside(join('/app', word)) : word));
    const program = [inside('/usr/local/bin/node'), ...args];
    const [file = '', ...rest] = AS_ROOT
      ? ['chroot', '--userspec=10001:10001', image.root, ...program]
      : program;
    return spawn(file, rest, {
      env: AS_ROOT ? { ...environment, PATH: `/usr/local/bin:${process.env['PATH']}` } : environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  }
});

/** Waits for words. @throws Error with all of them where the process ends without. */
function said(child: ChildProcess, awaited: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let words = '';
    const hear = (chunk: Buffer) => {
      words += chunk.toString();
      if (words.includes(awaited)) resolve(words);
    };
    child.stdout!.on('data', hear);
    child.stderr!.on('data', hear);
    child.once('close', (code) => reject(new Error(`ended with ${code}:\n${words}`)));
  });
}

/** The tests' PostgreSQL listens on its socket only, which lies outside the image's world. */
async function throughTcp(socketDirectory: string): Promise<Server> {
  const server = createServer((client) => {
    const database = connect(join(socketDirectory, '.s.PGSQL.5432'));
    client.pipe(database).pipe(client);
    for (const end of [client, database])
      end.on('error', () => [client, database].forEach((one) => one.destroy()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}
