import { request } from 'node:https';
import { isIP } from 'node:net';
import { Injectable, Logger, Optional } from '@nestjs/common';
import { Metrics } from '../metrics/metrics.js';
import { Tracing } from '../tracing/tracing.js';
import { Outgoing, OUTGOING_CALL_MS, type OutgoingTarget } from './outgoing.js';
import { type OutgoingUrl, parseOutgoingUrl } from './outgoing-url.js';

/** Bytes of an answer at most (S87). */
export const OUTGOING_ANSWER_BYTES = 65_536;

export interface OutgoingCall {
  method: 'GET' | 'POST';
  url: string;
  headers?: Record<string, string>;
  body?: string;
  /** Milliseconds for everything, the look-up of the name included. */
  withinMs?: number;
  /** Whoever waits for the answer has gone. */
  signal?: AbortSignal | undefined;
}

/** Whatever came, redirects included: nobody follows them. */
export interface OutgoingAnswer {
  status: number;
  text: string;
}

/** Calls outside over HTTPS, to what `SALLYPORT_OUTGOING_ALLOW` lists (S87). Holds no database connection, knows no proxy. */
@Injectable()
export class OutgoingHttp {
  private readonly logger = new Logger('Outgoing');

  constructor(
    private readonly outgoing: Outgoing,
    @Optional() private readonly metrics?: Metrics,
    @Optional() private readonly tracing?: Tracing,
  ) {}

  /**
   * Makes one call to the very address that was checked, under the certificate of the name that was asked for.
   * @returns null where the call may not be made, or no whole answer of at most 64 KiB came in time; the log tells the operator why,
   *   the caller knows no more than that nobody answered.
   */
  async call(call: OutgoingCall): Promise<OutgoingAnswer | null> {
    const began = performance.now();
    const calling = () => this.callUnmeasured(call);
    const span = () => ({ name: `HTTPS ${call.method}`, kind: 'client' as const });
    const answer = await (this.tracing === undefined ? calling() : this.tracing.run(span, calling));
    this.metrics?.outgoing.inc({ scheme: 'https', outcome: outcomeOf(answer) });
    this.metrics?.outgoingSeconds.observe({ scheme: 'https' }, (performance.now() - began) / 1000);
    return answer;
  }

  private async callUnmeasured({
    url,
    withinMs = OUTGOING_CALL_MS,
    signal,
    ...call
  }: OutgoingCall): Promise<OutgoingAnswer | null> {
    const began = performance.now();
    const where = parseOutgoingUrl(url);
    if (where === null) return this.giveUp('a configured address', 'it is no https URL');
    const target = await this.outgoing.find('https', where.host, where.port, withinMs);
    if (target === null) return null;
    const late = AbortSignal.timeout(Math.max(1, Math.ceil(withinMs - (performance.now() - began))));
    try {
      return await send(target, where, call, signal === undefined ? late : AbortSignal.any([late, signal]));
    } catch (error) {
      if (signal?.aborted) return null;
      return this.giveUp(where.authority, late.aborted ? 'it did not answer in time' : reasonOf(error));
    }
  }

  private giveUp(place: string, reason: string): null {
    this.logger.warn(`${JSON.stringify(place)} gave no answer: ${reason}`);
    return null;
  }
}

function send(
  { address, family, port }: OutgoingTarget,
  { host, authority, path }: OutgoingUrl,
  { method, headers, body }: Pick<OutgoingCall, 'method' | 'headers' | 'body'>,
  signal: AbortSignal,
): Promise<OutgoingAnswer> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
    const options = {
      host: address,
      family,
      port,
      path,
      method,
      signal,
      agent: false as const,
      rejectUnauthorized: true,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      headers: {
        'User-Agent': 'Sallyport',
        Accept: 'application/json',
        ...headers,
        ...length,
        Host: authority,
      },
    };
    const asking = request(options, (answer) => {
      const chunks: Buffer[] = [];
      let size = 0;
      answer.on('data', (chunk: Buffer) => {
        size += chunk.length;
        if (size <= OUTGOING_ANSWER_BYTES) return void chunks.push(chunk);
        reject(new Error('its answer is longer than 64 KiB'));
        asking.destroy();
      });
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() }),
      );
      answer.on('error', reject);
      answer.on('close', () => reject(new Error('its answer was cut off')));
    });
    asking.on('error', reject);
    asking.end(body);
  });
}

function outcomeOf(answer: OutgoingAnswer | null): string {
  if (answer === null) return 'unanswered';
  return answer.status >= 200 && answer.status < 300 ? 'answered' : 'refused';
}

/** Our own words, or the code of the system's error: nothing of what came. */
function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  return code ?? message;
}
