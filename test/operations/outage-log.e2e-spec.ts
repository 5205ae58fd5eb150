import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, expect, inject, it, vi } from 'vitest';
import { DatabaseWatch } from '../../apps/server/src/ops/database-watch.service.js';
import { HealthService } from '../../apps/server/src/ops/health.service.js';
import { PostgresProxy } from '../support/postgres-proxy.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { Scrape } from '../support/scrape.js';
import { send } from '../support/send.js';
import { serverUrlOf } from '../support/test-server.js';

const LOST = /(Connection terminated|ECONNRESET|EPIPE)/;

let database: Sallyport;
let proxy: PostgresProxy;
let server: Sallyport;
/** What was logged, a line each with its level. */
let lines: string[];

beforeAll(async () => {
  database = await startSallyport();
  proxy = await PostgresProxy.open(inject('socketDirectory'));
  const url = serverUrlOf(proxy.url(database.databaseUrl));
  server = await startSallyport({ replicaOf: database, settings: { DATABASE_URL: url, METRICS_PORT: '0' } });
  lines = [];
  for (const level of ['log', 'warn', 'error'] as const)
    vi.spyOn(Logger.prototype, level).mockImplementation((line: unknown) => {
      lines.push(`${level} ${String(line)}`);
    });
});
afterEach(() => {
  proxy.admit();
  lines.length = 0;
});
afterAll(async () => {
  vi.restoreAllMocks();
  await server?.stop();
  await proxy?.close();
  await database?.stop();
});

const linesAbout = (text: string) => lines.filter((line) => line.includes(text));

it('S91 the log says once that the database is gone, and by what, and once that it is back', async () => {
  const watch = server.app.get(DatabaseWatch, { strict: false });
  proxy.refuse();
  await watch.tell();
  await watch.tell();
  proxy.admit();
  await watch.tell();
  await watch.tell();
  const told = linesAbout('the database is');
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/^error the database is gone: /);
  expect(told[0]).toMatch(LOST);
  expect(told[1]).toBe('log the database is back');
});

it('S91 the report of health names the cause', async () => {
  proxy.refuse();
  const { checks } = await server.app.get(HealthService, { strict: false }).report();
  const [, asked] = checks;
  expect(asked).toMatchObject({ name: 'database', ok: false });
  expect(asked!.problem).toMatch(/^it could not be asked \((Connection terminated|ECONNRESET|EPIPE)\)$/);
});

it('S91 a request that could not be served is in the log with its id and the cause; a flood of them only counted', async () => {
  const ask = (path: string) =>
    send({ method: 'GET', url: `${server.url}${path}`, headers: { 'X-Vault-Token': server.rootToken } });
  proxy.refuse();
  const { status, headers } = await ask('/v1/auth/token/lookup-self');
  expect(status).toBe(503);
  expect(linesAbout(': unavailable, request')).toEqual([
    expect.stringMatching(
      `^warn GET /v1/auth/token/lookup-self: unavailable, request ${String(headers['x-request-id'])}: ${LOST.source}$`,
    ),
  ]);
  await Promise.all(Array.from({ length: 50 }, () => ask('/v1/auth/token/lookup-self')));
  await ask('/readyz');
  await vi.waitFor(() => expect(linesAbout('more requests were answered 503')).not.toEqual([]), 5_000);
  expect(linesAbout(': unavailable, request').length).toBeLessThan(40);
  expect(linesAbout('readyz')).toEqual([]);
});

it('S93 the difference of the clocks is left out where it could not be read, and that is counted', async () => {
  const watch = server.app.get(DatabaseWatch, { strict: false });
  const read = async () => {
    const scrape = await Scrape.of(server);
    return {
      drift: Object.keys(scrape.of('sallyport_clock_drift_seconds')).length,
      failures: scrape.of('sallyport_scrape_failures_total')['reading="clock"'] ?? 0,
    };
  };
  await watch.tell();
  const before = await read();
  expect(before.drift).toBe(1);
  proxy.refuse();
  await watch.tell();
  const away = await read();
  expect([away.drift, away.failures > before.failures]).toEqual([0, true]);
  proxy.admit();
  await watch.tell();
  expect((await read()).drift).toBe(1);
});
