import { setTimeout as wait } from 'node:timers/promises';
import type { DynamicModule, NestApplicationOptions, Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { normalAddress, TrustedProxies } from './client-address.js';
import { DIALECTS, type Dialect } from './dialect.js';
import { DialectTable } from './dialect-table.js';
import { FRONT_LIMITS, type FrontLimits } from './front/front-limits.js';
import { Listeners, type TlsKeys } from './front/listeners.js';
import { HttpAdapter } from './http-adapter.js';
import { Readiness } from './readiness.js';
import { RequestTelemetry } from './request-telemetry.js';

export interface ServerOptions {
  /** Plain HTTP; off loopback it serves trusted proxies only (S84). */
  plain?: { host: string; port: number };
  tls?: { host: string; port: number } & TlsKeys;
  /** Addresses and CIDR ranges whose `X-Forwarded-For` is believed (S83). */
  trustedProxies?: string[];
  limits?: Partial<FrontLimits>;
}

export interface RunningServer {
  app: NestFastifyApplication;
  listeners: Listeners;
  /**
   * Ends the server: not ready at once, serves on for `drainMs`, takes no new connection and lets requests finish
   * within `graceMs`, then closes the application (S90).
   */
  stop(drainMs: number, graceMs: number): Promise<void>;
}

/**
 * Makes the application on its own listeners and starts them; Node's HTTP server itself never listens (vault.md §2.1).
 * The module tree must contain `HttpModule.register(…)`.
 * @throws what Nest throws, or the listen error (EADDRINUSE); nothing is left running then.
 */
export async function createApp(
  module: Type<unknown> | DynamicModule,
  options: ServerOptions,
  nestOptions: NestApplicationOptions = {},
): Promise<RunningServer> {
  const dialects = new DialectTable();
  const proxies = new TrustedProxies(options.trustedProxies ?? []);
  const limits = { ...FRONT_LIMITS, ...options.limits };
  const adapter = new HttpAdapter(dialects, proxies, limits.headBytes);
  const app = await NestFactory.create<NestFastifyApplication>(module, adapter, {
    abortOnError: false,
    ...nestOptions,
    bodyParser: false,
  });
  try {
    dialects.fill(app.get<Dialect[]>(DIALECTS, { strict: false }));
    adapter.telemetry = app.get(RequestTelemetry, { strict: false });
    await app.init();
    await adapter.getInstance().ready();
    const listeners = new Listeners(adapter.getHttpServer(), limits);
    await open(listeners, options, proxies);
    return { app, listeners, stop: (drainMs, graceMs) => stop(app, listeners, drainMs, graceMs) };
  } catch (error) {
    await app.close();
    throw error;
  }
}

async function open(
  listeners: Listeners,
  { plain, tls }: ServerOptions,
  proxies: TrustedProxies,
): Promise<void> {
  try {
    if (plain)
      await listeners.listenPlain(plain.host, plain.port, (peer) => isLoopback(peer) || proxies.has(peer));
    if (tls) await listeners.listenTls(tls.host, tls.port, tls);
  } catch (error) {
    await listeners.close(0);
    throw error;
  }
}

async function stop(
  app: NestFastifyApplication,
  listeners: Listeners,
  drainMs: number,
  graceMs: number,
): Promise<void> {
  app.get(Readiness, { strict: false }).end();
  await wait(drainMs);
  await listeners.close(graceMs);
  await app.close();
}

function isLoopback(address: string): boolean {
  const normal = normalAddress(address);
  return normal === '::1' || normal.startsWith('127.');
}
