import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FrontLimits } from './front-limits.js';
import { RequestFraming } from './request-framing.js';
import { SocketDuplex } from './socket-duplex.js';

type Exchange = { number: number; request: IncomingMessage; response: ServerResponse };

/**
 * One accepted (for TLS: decrypted) socket as Node's `http.Server` sees it: the same bytes, with `LIST` rewritten
 * (vault.md §2.1), and the timeouts of S82, which Node's server does not keep for connections handed to it.
 */
export class FrontConnection extends SocketDuplex {
  private readonly framing: RequestFraming;
  private requests = 0;
  private readonly exchanges = new Set<Exchange>();
  private timer: NodeJS.Timeout | undefined;
  private peerEnded = false;
  private deaf = false;
  private draining = false;
  private afterAnswers: (() => void) | undefined;

  constructor(
    socket: Socket,
    encrypted: boolean,
    private readonly limits: FrontLimits,
  ) {
    super(socket, encrypted);
    this.framing = new RequestFraming(limits.headBytes);
    this.arm(limits.headMs);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('end', () => this.receiveEnd());
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  /** Remembers a request until it is answered. To be called before its handler runs. */
  track(request: IncomingMessage, response: ServerResponse): void {
    this.requests += 1;
    const exchange = { number: this.requests, request, response };
    this.exchanges.add(exchange);
    this.closeAfter(exchange);
    response.once('close', () => {
      this.exchanges.delete(exchange);
      if (this.exchanges.size === 0) this.onAnswered();
    });
  }

  /** The request whose body is still coming in, if any. */
  get unfinished(): Exchange | undefined {
    return [...this.exchanges].find(({ request }) => !request.complete);
  }

  /** Runs once every request taken so far is answered; at once if there is none. */
  whenAnswered(act: () => void): void {
    if (this.exchanges.size === 0) return act();
    this.afterAnswers = act;
  }

  /** The verb and target of the latest request seen; null when unreadable. */
  requestLine(): { verb: string; target: string } | null {
    return this.framing.requestLine();
  }

  /** From here on input is read and thrown away. */
  stopListening(): void {
    this.deaf = true;
    this.socket.resume();
  }

  /** Lets what is under way finish, and takes nothing more. */
  drain(): void {
    this.draining = true;
    const latest = [...this.exchanges].at(-1);
    if (latest !== undefined) this.closeAfter(latest);
    if (this.exchanges.size === 0 && this.framing.phase === 'idle') this.end();
  }

  override _read(): void {
    this.socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    this.send(chunk, callback);
  }

  override _writev(chunks: { chunk: Buffer }[], callback: (error?: Error | null) => void): void {
    this.send(Buffer.concat(chunks.map(({ chunk }) => chunk)), callback);
  }

  override _final(callback: (error?: Error | null) => void): void {
    this.stopListening();
    this.once('finish', () => {
      if (this.peerEnded) return void this.destroy();
      this.arm(this.limits.lingerMs);
    });
    this.socket.end(() => callback());
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    clearTimeout(this.timer);
    this.socket.destroy();
    callback(error);
  }

  private receive(chunk: Buffer): void {
    if (this.deaf) return;
    const { phase, finished } = this.framing;
    const bytes = this.framing.feed(chunk);
    if (this.framing.phase !== phase || this.framing.finished !== finished) this.onProgress();
    if (bytes.length > 0 && !this.push(bytes)) this.socket.pause();
  }

  private receiveEnd(): void {
    this.peerEnded = true;
    if (this.writableFinished) return void this.destroy();
    const held = this.framing.flush();
    if (held.length > 0 && !this.deaf) this.push(held);
    this.push(null);
  }

  private onProgress(): void {
    clearTimeout(this.timer);
    const { phase } = this.framing;
    if (phase === 'head') this.arm(this.limits.headMs);
    if (phase === 'body' || phase === 'pass-through') this.arm(this.limits.bodyMs);
    if (phase === 'pass-through') this.exchanges.forEach((exchange) => this.closeAfter(exchange));
  }

  /** No request is served on this connection after one whose framing is not followed, or while draining. */
  private closeAfter({ number, response }: Exchange): void {
    if (this.draining || number >= this.framing.lostAt) response.shouldKeepAlive = false;
  }

  private onAnswered(): void {
    this.afterAnswers?.();
    if (this.draining && this.framing.phase === 'idle' && this.writable) this.end();
  }

  private arm(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.expire(), milliseconds);
  }

  private expire(): void {
    const { phase } = this.framing;
    if (phase === 'pass-through' && this.exchanges.size > 0 && this.unfinished === undefined) return;
    if (phase === 'head' && this.exchanges.size === 0 && this.writable)
      return void this.end('HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    this.destroy();
  }

  /** A peer that takes none of its answer for too long is cut off. */
  private send(bytes: Buffer, callback: (error?: Error | null) => void): void {
    let stalled: NodeJS.Timeout | undefined;
    this.socket.write(bytes, (error) => {
      clearTimeout(stalled);
      callback(error);
    });
    if (this.socket.writableLength > 0) stalled = setTimeout(() => this.destroy(), this.limits.stallMs);
  }
}
