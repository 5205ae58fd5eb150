import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { ServerKeys } from './vendor-tls.js';

/** What a client of PostgreSQL sends first where it wants TLS: length 8, code 80877103. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** The tests' PostgreSQL behind TLS on loopback, under any certificate, or without TLS at all. */
export class PostgresOverTls {
  /** Connections that got as far as PostgreSQL, each after its handshake. */
  passed = 0;
  /** Connections whose first words were in plain text. */
  plain = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    /** The folder of its socket. */
    private readonly folder: string,
    /** null: it says that it speaks no TLS. */
    private readonly keys: ServerKeys | null,
  ) {
    server.on('connection', (socket) => this.greet(socket));
  }

  static async start(databaseUrl: string, keys: ServerKeys | null): Promise<PostgresOverTls> {
    const folder = new URL(databaseUrl.replace('@/', '@localhost/')).searchParams.get('host')!;
    const server = createServer();
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new PostgresOverTls(server, folder, keys);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private greet(socket: Socket): void {
    this.keep(socket);
    socket.once('data', (first) => {
      if (!first.equals(SSL_REQUEST)) {
        this.plain += 1;
        return socket.destroy();
      }
      socket.write(this.keys === null ? 'N' : 'S');
      if (this.keys === null) {
        socket.on('data', () => (this.plain += 1));
        return;
      }
      const secure = new TLSSocket(socket, { isServer: true, ...this.keys });
      this.keep(secure);
      secure.once('data', (startup: Buffer) => {
        this.passed += 1;
        const behind = this.keep(connect(`${this.folder}/.s.PGSQL.5432`));
        behind.write(startup);
        secure.pipe(behind).pipe(secure);
      });
    });
  }

  private keep(socket: Socket): Socket {
    this.sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.sockets.delete(socket));
    return socket;
  }
}
