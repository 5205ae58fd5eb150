import { mkdtemp } from 'node:fs/promises';
import { get } from 'node:http';
import { get as getTls } from 'node:https';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { Controller, Get, Injectable, Module, type OnModuleDestroy } from '@nestjs/common';
import { DomainError } from '@sallyport/platform';
import { describe, expect, it } from 'vitest';
import { Access } from './access.js';
import { BearerGuard } from './bearer.guard.js';
import { createApp, type ServerOptions } from './create-app.js';
import type { Dialect, WireError } from './dialect.js';
import { ensureCertificate } from './front/self-signed-certificate.js';
import { HttpModule } from './http.module.js';
import { Readiness } from './readiness.js';

const events: string[] = [];

@Injectable()
class PlainDialect implements Dialect, OnModuleDestroy {
  readonly name = 'ops';
  readonly prefix = '';

  /** What this module exports is at hand in the dialects' own modules too. */
  constructor(
    readonly readiness: Readiness,
    readonly bearer: BearerGuard,
  ) {}

  readToken = () => null;
  authenticate = async () => null;
  authorize = async () => undefined;
  parseBody = () => undefined;

  async notFound(): Promise<never> {
    throw new DomainError('not-found', 'path', 'Nothing there.');
  }

  renderError(error: DomainError): WireError {
    return { status: 404, body: { error: error.kind } };
  }

  onModuleDestroy(): void {
    events.push('application closed');
  }
}

@Access({ kind: 'open' })
@Controller()
class SlowController {
  constructor(private readonly readiness: Readiness) {}

  @Get('ready')
  ready() {
    return { ready: this.readiness.ready };
  }

  @Get('slow')
  async slow() {
    await wait(200);
    events.push('slow answered');
    return { slow: true };
  }
}

@Module({ providers: [PlainDialect], exports: [PlainDialect] })
class DialectModule {}

@Module({
  imports: [HttpModule.register({ dialects: [PlainDialect], imports: [DialectModule] })],
  controllers: [SlowController],
})
class SpecModule {}

@Module({})
class EmptyModule {}

const PLAIN: ServerOptions = { plain: { host: '127.0.0.1', port: 0 } };

function start(options: ServerOptions) {
  return createApp(SpecModule, options, { logger: false });
}

function fetchText(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (answer) => resolve(text(answer))).on(
      'error',
      reject,
    );
  });
}

describe('createApp', () => {
  it('serves plain HTTP and TLS from one application', async () => {
    const keys = await ensureCertificate(await mkdtemp(join(tmpdir(), 'app-')), 'localhost', new Date());
    const server = await start({ ...PLAIN, tls: { host: '127.0.0.1', port: 0, ...keys } });
    const [plain, tls] = server.listeners.addresses;
    expect(await fetchText(plain!.port, '/ready')).toBe('{"ready":true}');
    const overTls = new Promise<string>((resolve, reject) => {
      const options = {
        host: 'localhost',
        port: tls!.port,
        path: '/ready',
        ca: keys.cert,
        agent: false,
        family: 4,
      };
      getTls(options, (answer) => resolve(text(answer))).on('error', reject);
    });
    expect(await overTls).toBe('{"ready":true}');
    expect(server.app.getHttpServer().listening).toBe(false);
    await server.stop(0, 1_000);
  });

  it('S90 says not ready, serves on, finishes what is under way, then closes the application', async () => {
    events.length = 0;
    const server = await start(PLAIN);
    const { port } = server.listeners.addresses[0]!;
    const stopped = server.stop(150, 5_000);
    expect(await fetchText(port, '/ready')).toBe('{"ready":false}');
    const slow = fetchText(port, '/slow');
    await wait(180);
    await expect(fetchText(port, '/ready')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(await slow).toBe('{"slow":true}');
    await stopped;
    expect(events).toEqual(['slow answered', 'application closed']);
  });

  it('leaves nothing running when a port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as AddressInfo;
    events.length = 0;
    const keys = await ensureCertificate(await mkdtemp(join(tmpdir(), 'app-')), 'localhost', new Date());
    const failing = start({ ...PLAIN, tls: { host: '127.0.0.1', port, ...keys } });
    await expect(failing).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(events).toEqual(['application closed']);
    taken.close();
  });

  it('does not start without dialects', async () => {
    await expect(createApp(EmptyModule, PLAIN, { logger: false })).rejects.toThrow(/DIALECTS/);
  });

  it('does not start with trusted proxies that are no addresses', async () => {
    await expect(start({ ...PLAIN, trustedProxies: ['everybody'] })).rejects.toThrow();
  });
});
