import { randomUUID } from 'node:crypto';
import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { Logger } from '@nestjs/common';
import { DomainError } from '@sallyport/platform';
import type { FastifyRequest } from 'fastify';
import type { WireError } from './dialect.js';
import type { DialectTable } from './dialect-table.js';
import { FrontConnection } from './front/front-connection.js';
import { SAFE_HEADERS, wireError } from './wire-error.js';

/** Answers, in a dialect's shape, what Node's parser refuses before there is a request; then closes the connection. */
export class ClientErrors {
  private readonly logger = new Logger('Errors');
  private readonly answered = new WeakSet<Duplex>();

  constructor(private readonly dialects: DialectTable) {}

  /** For the `clientError` event. */
  refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
    if (this.answered.has(socket)) return;
    this.answered.add(socket);
    if (error.code === 'ECONNRESET' || !socket.writable || !(socket instanceof FrontConnection))
      return void socket.destroy();
    socket.stopListening();
    const unfinished = socket.unfinished;
    if (unfinished?.response.headersSent) return void socket.destroy();
    // The body of the very request being handled is at fault: its handler waits for the rest in vain.
    if (unfinished) return this.close(socket, asRefusal(error));
    // Answers owed to earlier requests of the connection go first.
    socket.whenAnswered(() => this.close(socket, asRefusal(error)));
  }

  /** For the `connect` event: nobody is put through to anywhere. */
  refuseTunnel(socket: Duplex): void {
    this.answered.add(socket);
    this.close(socket, notAllowed());
  }

  private close(socket: Duplex, error: DomainError): void {
    if (!socket.writable) return void socket.destroy();
    socket.end(rawAnswer(this.write(socket, error)));
  }

  private write(socket: Duplex, error: DomainError): WireError {
    const line = socket instanceof FrontConnection ? socket.requestLine() : null;
    const url = line?.target ?? '/';
    const request = {
      id: randomUUID(),
      method: line?.verb ?? 'GET',
      url,
      originalUrl: url,
      headers: {},
      query: {},
      raw: { method: line?.verb, url, headers: {}, headersDistinct: {}, rawHeaders: [] },
      dialect: this.dialects.of(url),
      caller: null,
      isList: false,
    };
    return wireError(error, request as unknown as FastifyRequest, this.logger);
  }
}

function asRefusal(error: NodeJS.ErrnoException): DomainError {
  if (error.code === 'HPE_INVALID_METHOD') return notAllowed();
  if (error.code === 'HPE_HEADER_OVERFLOW')
    return new DomainError('too-large', 'headers-too-large', 'The request headers are too large.');
  return new DomainError('malformed', 'request-malformed', 'The request is not valid HTTP.');
}

function notAllowed(): DomainError {
  return new DomainError('method-not-allowed', 'verb-unknown', 'The method is not known.', { allow: [] });
}

function rawAnswer({ status, headers = {}, body }: WireError): string {
  const content = body === undefined ? '' : JSON.stringify(body);
  const fields = {
    ...SAFE_HEADERS,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
    'content-length': String(Buffer.byteLength(content)),
    connection: 'close',
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${content}`;
}
