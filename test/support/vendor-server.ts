import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type ServerKeys, trustedKeys } from './vendor-tls.js';

/** What came in one call. */
export interface VendorCall {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: NodeJS.Dict<string | string[]>;
  body: string;
  /** As it stood in the request line. */
  target: string;
}

/** What a call is answered with; `endless`: a body that never stops, `cut`: one that breaks off. */
export interface VendorReply {
  status?: number;
  text?: string;
  headers?: Record<string, string>;
  delayMs?: number;
  broken?: 'endless' | 'cut';
}

/** Never answers. */
export const SILENCE = 'silence';

/** An HTTPS server of the tests' own on loopback, under any names; says what the test lets it say. */
export class VendorServer {
  readonly calls: VendorCall[] = [];
  answer: (call: VendorCall) => VendorReply | typeof SILENCE = () => ({ status: 404 });
  /** Calls that went away before they were answered. */
  abandoned = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {
    server.on('request', (request, response) => void this.hear(request, response));
    server.on('connection', (socket: Socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => undefined);
    });
  }

  static async start(names: string[], keys?: ServerKeys): Promise<VendorServer> {
    const server = createServer(keys ?? (await trustedKeys(...names)));
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve);
    });
    return new VendorServer(server);
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }

  private async hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const target = request.url ?? '';
    const url = new URL(target, 'https://vendor.invalid');
    const call = {
      method: request.method ?? '',
      path: url.pathname,
      query: url.searchParams,
      headers: request.headers,
      body: Buffer.concat(chunks).toString(),
      target,
    };
    response.on('close', () => {
      if (!response.writableFinished) this.abandoned += 1;
    });
    this.calls.push(call);
    const reply = this.answer(call);
    if (reply === SILENCE) return;
    await pause(reply.delayMs ?? 0);
    await send(response, reply);
  }
}

async function send(response: ServerResponse, { status = 200, text = '', headers, broken }: VendorReply) {
  if (broken === undefined) {
    response.writeHead(status, headers).end(text);
    return;
  }
  response.writeHead(status, { ...headers, ...(broken === 'cut' ? { 'Content-Length': '1000' } : {}) });
  response.write(text || '{');
  if (broken === 'cut') await pause(20);
  if (broken === 'cut') response.destroy();
  while (!response.destroyed) {
    response.write(' '.repeat(16_384));
    await pause(1);
  }
}
