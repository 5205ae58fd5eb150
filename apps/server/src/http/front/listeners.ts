import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer, type AddressInfo, type Server as NetServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { Logger } from '@nestjs/common';
import { FrontConnection } from './front-connection.js';
import { FRONT_LIMITS, type FrontLimits } from './front-limits.js';

export interface ListenerAddress {
  scheme: 'http' | 'https';
  host: string;
  port: number;
}

export interface TlsKeys {
  cert: string | Buffer;
  key: string | Buffer;
}

/**
 * The net and tls servers that own the ports. Node's `http.Server` never listens: every accepted socket is handed to
 * it as a `FrontConnection` (vault.md §2.1).
 */
export class Listeners {
  private readonly logger = new Logger('Listeners');
  private readonly limits: FrontLimits;
  private readonly servers: { scheme: 'http' | 'https'; server: NetServer }[] = [];
  private readonly connections = new Set<FrontConnection>();
  private closing = false;

  constructor(
    private readonly httpServer: Server,
    limits: Partial<FrontLimits> = {},
  ) {
    this.limits = { ...FRONT_LIMITS, ...limits };
    // A client that has sent its request and closed its half still gets its answer.
    Object.assign(httpServer, { httpAllowHalfOpen: true });
    httpServer.keepAliveTimeout = this.limits.idleMs;
    // Of the headers that fit into the size limit none is dropped.
    httpServer.maxHeadersCount = 0;
    httpServer.prependListener('request', (request: IncomingMessage, response: ServerResponse) => {
      if (request.socket instanceof FrontConnection) request.socket.track(request, response);
    });
  }

  /**
   * Plain HTTP.
   * @param admits tells by its address whether a peer may speak plain HTTP here (S84); others are cut off.
   */
  async listenPlain(
    host: string,
    port: number,
    admits = (_address: string) => true,
  ): Promise<ListenerAddress> {
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      if (!admits(socket.remoteAddress ?? '')) return void socket.destroy();
      this.accept(socket, false);
    });
    return this.open('http', server, host, port);
  }

  /** HTTPS: TLS 1.2 or 1.3 (S84), `http/1.1` only. */
  async listenTls(host: string, port: number, keys: TlsKeys): Promise<ListenerAddress> {
    const server = createTlsServer(
      {
        ...keys,
        minVersion: 'TLSv1.2',
        ALPNProtocols: ['http/1.1'],
        handshakeTimeout: this.limits.headMs,
        allowHalfOpen: true,
        noDelay: true,
      },
      (socket) => this.accept(socket, true),
    );
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    return this.open('https', server, host, port);
  }

  get addresses(): ListenerAddress[] {
    return this.servers.map(({ scheme, server }) => addressOf(scheme, server));
  }

  /** Connections open now. */
  get size(): number {
    return this.connections.size;
  }

  /**
   * Takes no new connection, lets requests under way finish, and cuts off what is left after `graceMs`.
   * Resolves when every connection is gone.
   */
  async close(graceMs: number): Promise<void> {
    this.closing = true;
    const closed = this.servers.map(
      ({ server }) => new Promise<void>((resolve) => server.close(() => resolve())),
    );
    for (const connection of this.connections) connection.drain();
    const cutOff = setTimeout(() => this.connections.forEach((connection) => connection.destroy()), graceMs);
    await Promise.all(closed);
    clearTimeout(cutOff);
  }

  private accept(socket: Socket, encrypted: boolean): void {
    const connection = new FrontConnection(socket, encrypted, this.limits);
    this.connections.add(connection);
    connection.once('close', () => this.connections.delete(connection));
    this.httpServer.emit('connection', connection);
    if (this.closing) connection.drain();
  }

  private async open(
    scheme: 'http' | 'https',
    server: NetServer,
    host: string,
    port: number,
  ): Promise<ListenerAddress> {
    server.maxConnections = this.limits.connections;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen({ host, port }, () => resolve());
    });
    // Such as too many open files on accept: the listener lives on.
    server.on('error', (error) => this.logger.error(`${scheme} listener: ${error.message}`));
    this.servers.push({ scheme, server });
    return addressOf(scheme, server);
  }
}

function addressOf(scheme: 'http' | 'https', server: NetServer): ListenerAddress {
  const { address, port } = server.address() as AddressInfo;
  return { scheme, host: address, port };
}
