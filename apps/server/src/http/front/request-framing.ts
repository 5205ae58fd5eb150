import { readHead } from './request-head.js';

/** Where a connection stands between two requests. */
export type Phase = 'idle' | 'head' | 'body' | 'pass-through';

const CR = 0x0d;
const LF = 0x0a;
const NOTHING = Buffer.alloc(0);
/** What is read as a line (a chunk size, a trailer) and is longer than this is odd. */
const LONGEST_LINE = 8 * 1024;

type Step = 'start' | 'head' | 'length' | 'size' | 'chunk' | 'chunkEnd' | 'trailer' | 'through';

/**
 * Follows the bytes of one connection only as far as needed to know where requests start, and there rewrites `LIST`
 * to `LINK` (a verb Node accepts) and a genuine `LINK` to `LOCK` (vault.md §2.1). Node's parser stays the only
 * authority on framing: anything odd switches to pass-through for good, and no byte is ever added or dropped.
 */
export class RequestFraming {
  phase: Phase = 'idle';
  /** Requests that came in whole. */
  finished = 0;
  /** The request, counted from 1, from which on framing is no longer followed. */
  lostAt = Infinity;
  private requests = 0;
  private step: Step = 'start';
  private held: Buffer = NOTHING;
  private head: Buffer[] = [];
  private headBytes = 0;
  /** How much of the CR LF CR LF that ends a head stands just before the next byte. */
  private matched = 0;
  private remaining = 0;
  private line = '';

  constructor(private readonly headLimit: number) {}

  /**
   * Bytes as they came in; answers the bytes to pass on. Up to four may be held back until it is clear whether they
   * start a verb. The given buffer is written into.
   */
  feed(chunk: Buffer): Buffer {
    if (this.step === 'through') return chunk;
    const bytes = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    this.held = NOTHING;
    for (let at = 0; at < bytes.length && !this.isThrough();) at = this.read(bytes, at);
    return bytes.subarray(0, bytes.length - this.held.length);
  }

  /** What is still held back when the input ends. */
  flush(): Buffer {
    const held = this.held;
    this.held = NOTHING;
    return held;
  }

  /** The verb and target of the latest request, as far as its head has been seen; null when they cannot be read. */
  requestLine(): { verb: string; target: string } | null {
    const line = Buffer.concat(this.head).toString('latin1').split('\r\n', 1)[0] ?? '';
    const parts = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([!-~]+) HTTP\/\d\.\d$/.exec(line);
    return parts === null ? null : { verb: parts[1]!, target: parts[2]! };
  }

  private isThrough(): boolean {
    return this.step === 'through';
  }

  private read(bytes: Buffer, at: number): number {
    switch (this.step) {
      case 'start':
        return this.readStart(bytes, at);
      case 'head':
        return this.readHeadBytes(bytes, at);
      case 'length':
        return this.skip(bytes, at, () => this.finish());
      case 'chunk':
        return this.skip(bytes, at, () => (this.step = 'chunkEnd'));
      default:
        return this.readLine(bytes, at);
    }
  }

  private readStart(bytes: Buffer, at: number): number {
    this.phase = 'head';
    if (bytes[at] === CR || bytes[at] === LF) return at + 1;
    const verb = bytes.toString('latin1', at, at + 5);
    if (verb.length < 5 && ('LIST '.startsWith(verb) || 'LINK '.startsWith(verb))) {
      this.held = bytes.subarray(at);
      return bytes.length;
    }
    if (verb === 'LIST ') bytes.write('LINK', at, 'latin1');
    if (verb === 'LINK ') bytes.write('LOCK', at, 'latin1');
    this.requests += 1;
    this.step = 'head';
    this.head = [];
    this.headBytes = 0;
    this.matched = 0;
    return at;
  }

  private readHeadBytes(bytes: Buffer, at: number): number {
    const room = this.headLimit - this.headBytes;
    const stop = Math.min(bytes.length, at + room);
    for (let index = at; index < stop; index += 1) {
      const byte = bytes[index];
      const expectsLf = this.matched % 2 === 1;
      if ((byte === LF) !== expectsLf) return this.giveUp(bytes, at);
      this.matched = byte === LF || byte === CR ? this.matched + 1 : 0;
      if (this.matched < 4) continue;
      this.keep(bytes, at, index + 1);
      this.startBody();
      return index + 1;
    }
    this.keep(bytes, at, stop);
    return stop < bytes.length ? this.giveUp(bytes, stop) : stop;
  }

  private startBody(): void {
    const framing = readHead(Buffer.concat(this.head).toString('latin1'));
    if (framing === 'odd') return this.passThrough();
    if (framing === 'chunked') return this.expect('size');
    if (framing === 0) return this.finish();
    this.remaining = framing;
    this.expect('length');
  }

  private readLine(bytes: Buffer, at: number): number {
    const found = bytes.indexOf(LF, at);
    const end = found === -1 ? bytes.length : found + 1;
    this.line += bytes.toString('latin1', at, end);
    if (this.line.length > LONGEST_LINE) return this.giveUp(bytes, at);
    if (found === -1) return end;
    const line = this.line;
    this.line = '';
    if (!line.endsWith('\r\n')) return this.giveUp(bytes, at);
    this.takeLine(line.slice(0, -2));
    return end;
  }

  private takeLine(line: string): void {
    if (this.step === 'trailer') return line === '' ? this.finish() : undefined;
    if (this.step === 'chunkEnd') return line === '' ? this.expect('size') : this.passThrough();
    // Chunk extensions are legal but nobody sends them: they count as odd.
    if (!/^[0-9a-fA-F]{1,8}$/.test(line)) return this.passThrough();
    this.remaining = Number.parseInt(line, 16);
    this.step = this.remaining === 0 ? 'trailer' : 'chunk';
  }

  private skip(bytes: Buffer, at: number, done: () => void): number {
    const taken = Math.min(this.remaining, bytes.length - at);
    this.remaining -= taken;
    if (this.remaining === 0) done();
    return at + taken;
  }

  private keep(bytes: Buffer, from: number, to: number): void {
    this.head.push(bytes.subarray(from, to));
    this.headBytes += to - from;
  }

  private expect(step: 'length' | 'size'): void {
    this.step = step;
    this.phase = 'body';
  }

  private finish(): void {
    this.step = 'start';
    this.phase = 'idle';
    this.finished += 1;
  }

  private giveUp(bytes: Buffer, at: number): number {
    if (this.step === 'head') this.keep(bytes, at, Math.min(bytes.length, at + this.headLimit));
    this.passThrough();
    return bytes.length;
  }

  private passThrough(): void {
    this.step = 'through';
    this.lostAt = this.requests;
    this.phase = 'pass-through';
  }
}
