import { Injectable } from '@nestjs/common';
import { Config, Metrics, Outgoing, Tracing } from '@sallyport/platform';
import { accessRequest, type RadiusQuestion } from './access-request.js';
import { exchange } from './exchange.js';
import type { RadiusAnswer } from './radius-answer.js';

/** Where to ask. `timeout` in seconds, the look-up of the name included. */
export interface RadiusServer {
  host: string;
  port: number;
  timeout: number;
  secret: Buffer;
}

/** `unreached`: nothing was sent, for the host is not listed or has no address. */
export type RadiusOutcome = RadiusAnswer | { kind: 'silent' } | { kind: 'unreached' };

/** Asks RADIUS servers over UDP (RFC 2865); only what `SALLYPORT_OUTGOING_ALLOW` lists (S87). */
@Injectable()
export class RadiusClientService {
  constructor(
    private readonly outgoing: Outgoing,
    private readonly config: Config,
    private readonly metrics: Metrics,
    private readonly tracing: Tracing,
  ) {}

  /**
   * Asks once, with repetitions, and waits at most `timeout` seconds. Holds no database connection.
   * @throws RangeError for a question that does not fit into a packet (`fits` tells).
   */
  async ask(server: RadiusServer, question: Omit<RadiusQuestion, 'nasIdentifier'>): Promise<RadiusOutcome> {
    const began = performance.now();
    const answer = await this.tracing.run(
      () => ({ name: 'RADIUS Access-Request', kind: 'client' }),
      () => this.askUnmeasured(server, question),
    );
    this.metrics.outgoing.inc({ scheme: 'radius', outcome: outcomeOf(answer) });
    this.metrics.outgoingSeconds.observe({ scheme: 'radius' }, (performance.now() - began) / 1000);
    return answer;
  }

  private async askUnmeasured(
    { host, port, timeout, secret }: RadiusServer,
    question: Omit<RadiusQuestion, 'nasIdentifier'>,
  ): Promise<RadiusOutcome> {
    const began = performance.now();
    const withinMs = timeout * 1000;
    const target = await this.outgoing.find('radius', host, port, withinMs);
    if (target === null) return { kind: 'unreached' };
    const request = accessRequest({ ...question, nasIdentifier: this.config.publicHost }, secret);
    const answer = await exchange(
      target,
      request,
      secret,
      Math.max(1, withinMs - (performance.now() - began)),
    );
    return answer ?? { kind: 'silent' };
  }
}

function outcomeOf({ kind }: RadiusOutcome): string {
  if (kind === 'silent' || kind === 'unreached') return 'unanswered';
  return kind === 'rejected' ? 'refused' : 'answered';
}
