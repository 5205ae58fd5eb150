import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Injectable, Logger, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { Config, Metrics, SALLYPORT_VERSION } from '@sallyport/platform';
import { HealthService } from './health.service.js';

/** What listens here is asked by a few machines of the operator's. */
const MOST_CONNECTIONS = 16;
const LONGEST_REQUEST_MS = 5_000;
/** Nobody holds one of the few connections for longer without taking or sending anything. */
const LONGEST_SILENCE_MS = 10_000;
const LOOPBACK = /^(::1|(::ffff:)?127\.)/;
/** What a browser may have been led to by a name of somebody else's that now says 127.0.0.1 has that name here (DNS rebinding). */
const LOCAL_HOST = /^(localhost|[\d.]+|\[[\da-f:.]+\])(:\d+)?$/i;

interface Page {
  type: string;
  write: () => Promise<{ status: number; text: string }>;
}

/** Metrics, and health in detail, on a port of their own: `METRICS_PORT`, off by default, never the public listeners (S97). */
@Injectable()
export class MetricsListener implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly logger = new Logger('Metrics');
  private server: Server | null = null;
  private readonly pages: Map<string, Page>;

  constructor(
    private readonly config: Config,
    private readonly metrics: Metrics,
    private readonly health: HealthService,
  ) {
    const { registry } = metrics;
    this.pages = new Map([
      [
        '/metrics',
        { type: registry.contentType, write: async () => ({ status: 200, text: await metrics.scrape() }) },
      ],
      ['/health', { type: 'application/json', write: () => this.tellHealth() }],
    ]);
  }

  /** @throws the listen error. */
  async onApplicationBootstrap(): Promise<void> {
    const { metricsPort, metricsHost } = this.config;
    if (metricsPort === null) return;
    this.metrics.open();
    this.metrics.build.set({ version: SALLYPORT_VERSION, node: process.version }, 1);
    this.metrics.onScrape('readiness', [this.metrics.ready], () => this.readReadiness());
    this.server = createServer(
      {
        requestTimeout: LONGEST_REQUEST_MS,
        headersTimeout: LONGEST_REQUEST_MS,
        connectionsCheckingInterval: 1_000,
        maxHeaderSize: 8_192,
      },
      (request, response) => void this.answer(request, response),
    );
    this.server.maxConnections = MOST_CONNECTIONS;
    this.server.setTimeout(LONGEST_SILENCE_MS);
    this.server.listen(metricsPort, metricsHost);
    await once(this.server, 'listening');
    this.server.on('error', (error) => this.logger.warn(`a connection was not taken: ${error.message}`));
  }

  async onApplicationShutdown(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  }

  /** Where it listens; null: nowhere. */
  get address(): AddressInfo | null {
    return (this.server?.address() ?? null) as AddressInfo | null;
  }

  private async answer(
    { method, url, headers, socket }: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    if (LOOPBACK.test(socket.localAddress ?? '') && !LOCAL_HOST.test(headers.host ?? ''))
      return void response.writeHead(421).end();
    const page = this.pages.get((url ?? '').split('?', 1)[0] ?? '');
    response.setHeader('Cache-Control', 'no-store').setHeader('X-Content-Type-Options', 'nosniff');
    if (page === undefined) return void response.writeHead(404).end();
    if (method !== 'GET') return void response.writeHead(405, { Allow: 'GET' }).end();
    try {
      const { status, text } = await page.write();
      response.writeHead(status, { 'Content-Type': page.type }).end(text);
    } catch (error) {
      this.logger.error('a page of metrics could not be written', (error as Error).stack);
      response.writeHead(500).end();
    }
  }

  private async tellHealth(): Promise<{ status: number; text: string }> {
    const report = await this.health.report();
    const text = `${JSON.stringify({ version: SALLYPORT_VERSION, ...report }, null, 2)}\n`;
    return { status: report.ready ? 200 : 503, text };
  }

  private async readReadiness(): Promise<void> {
    // What does not answer in time is not ready either.
    this.metrics.ready.set(0);
    await this.health.mustBeReady().then(
      () => this.metrics.ready.set(1),
      () => undefined,
    );
  }
}
