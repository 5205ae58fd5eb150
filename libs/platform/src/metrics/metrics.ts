import { Injectable, Logger } from '@nestjs/common';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { dialectOfAct } from '../tracing/current-act.js';
import { inTime } from '../in-time.js';

/** Milliseconds that reading one thing may take when somebody scrapes. */
const LONGEST_READ = 2_000;

const REQUEST_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];
const STATEMENT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2, 5];
const WAIT_SECONDS = [0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2];

/** How one step of a sign-in came out. */
export type StepOutcome = 'accepted' | 'wrong' | 'throttled' | 'unanswered' | 'unavailable' | 'refused';

interface Reading {
  name: string;
  gauges: Gauge[];
  read: () => Promise<void> | void;
}

/**
 * What this process tells of itself to Prometheus, one registry for each application. The whole catalogue stands here; each thing is
 * counted where it is decided. Labels take their values from closed lists: no name, no id, nothing a caller chose (S70, S97).
 */
@Injectable()
export class Metrics {
  readonly registry = new Registry();
  private readonly logger = new Logger('Metrics');
  private readonly readings: Reading[] = [];
  private readonly unlabelled = new Set<Gauge>();
  private scraping: Promise<string> | null = null;
  private read = false;

  readonly signInSteps = this.counter(
    'sallyport_sign_in_steps_total',
    'Passwords and second factors that were judged, by method and outcome.',
    ['dialect', 'method', 'outcome'],
  );
  readonly signIns = this.counter(
    'sallyport_sign_ins_finished_total',
    'Sign-ins that ended in a full token, by the factor that finished them.',
    ['dialect', 'method'],
  );
  readonly throttles = this.counter(
    'sallyport_throttles_total',
    'Tries that were turned away because of earlier failures.',
    ['kind'],
  );
  readonly tokenChecks = this.counter('sallyport_token_checks_total', 'Tokens that were looked up.', [
    'outcome',
  ]);
  readonly refusals = this.counter(
    'sallyport_audit_refusals_total',
    'Refusals that are folded in the audit, by kind of event; folded="yes": counted with an earlier one.',
    ['action', 'folded'],
  );

  readonly queueWaits = this.histogram(
    'sallyport_queue_wait_seconds',
    'Time a job waited for its turn: hash, a run of Argon2; sign_in, a password step.',
    ['queue'],
    WAIT_SECONDS,
  );
  readonly queueDepth = this.gauge('sallyport_queue_depth', 'Jobs that wait for their turn.', ['queue']);
  readonly queueShed = this.counter(
    'sallyport_queue_shed_total',
    'Jobs that were turned away by a full queue.',
    ['queue'],
  );

  readonly pool = this.gauge('sallyport_database_pool_connections', 'Connections to Postgres.', ['state']);
  readonly poolLimit = this.gauge('sallyport_database_pool_limit', 'Connections the pool may open.');
  readonly poolWaiting = this.gauge(
    'sallyport_database_pool_waiting',
    'Requests that wait for a connection.',
  );
  readonly statements = this.histogram(
    'sallyport_database_statement_seconds',
    'Time a statement took, the wait for a connection included.',
    ['operation', 'outcome'],
    STATEMENT_SECONDS,
  );
  readonly clockDrift = this.gauge(
    'sallyport_clock_drift_seconds',
    'How far the clock of Postgres is ahead of this process.',
  );

  readonly sealLag = this.gauge(
    'sallyport_audit_seal_lag_seconds',
    'How long the oldest audit row has waited for its seal.',
  );
  readonly unsealed = this.gauge('sallyport_audit_unsealed_rows', 'Audit rows that wait for their seal.');
  readonly sinkLag = this.gauge(
    'sallyport_audit_sink_lag_seconds',
    'Age of the oldest checkpoint a sink has not taken.',
    ['sink'],
  );
  readonly sinkBehind = this.gauge('sallyport_audit_sink_behind_rows', 'Sealed rows a sink has not taken.', [
    'sink',
  ]);

  readonly keyAge = this.gauge('sallyport_key_age_seconds', 'Age of the oldest key of a kind.', ['kind']);
  readonly keysOverdue = this.gauge('sallyport_keys_overdue', 'Keys that should have been replaced.', [
    'kind',
  ]);
  readonly certificateEnd = this.gauge(
    'sallyport_certificate_expiry_timestamp_seconds',
    'When the certificate of the TLS listener ends.',
  );

  readonly requests = this.counter('sallyport_http_requests_total', 'Requests that were answered.', [
    'dialect',
    'method',
    'route',
    'status',
  ]);
  readonly requestSeconds = this.histogram(
    'sallyport_http_request_seconds',
    'Time from the head of a request to the end of its answer.',
    ['dialect', 'method', 'route'],
    REQUEST_SECONDS,
  );
  readonly outgoing = this.counter('sallyport_outgoing_calls_total', 'Calls to servers outside.', [
    'scheme',
    'outcome',
  ]);
  readonly outgoingSeconds = this.histogram(
    'sallyport_outgoing_call_seconds',
    'Time a call to a server outside took.',
    ['scheme'],
    REQUEST_SECONDS,
  );

  readonly backgroundSuccess = this.gauge(
    'sallyport_background_success_timestamp_seconds',
    'When a work in the background was last done without an error.',
    ['work'],
  );
  readonly backgroundFailures = this.counter(
    'sallyport_background_failures_total',
    'Rounds of a work in the background that failed.',
    ['work'],
  );
  readonly spans = this.counter('sallyport_trace_spans_total', 'Spans handed to the collector.', ['outcome']);
  readonly ready = this.gauge('sallyport_ready', 'Whether this replica wants requests: what /readyz says.');
  readonly build = this.gauge('sallyport_build_info', 'Always 1; the version stands in its label.', [
    'version',
    'node',
  ]);
  readonly scrapeFailures = this.counter(
    'sallyport_scrape_failures_total',
    'Readings that did not come in time for a scrape; what they tell is then left out.',
    ['reading'],
  );

  /** One step of a sign-in was judged. */
  countStep(method: string, outcome: StepOutcome): void {
    this.signInSteps.inc({ dialect: dialectOfAct(), method, outcome });
  }

  /** A sign-in has ended in a full token. @param method the last factor that was asked for, or `password`. */
  countSignIn(method: string): void {
    this.signIns.inc({ dialect: dialectOfAct(), method });
  }

  /** Whether somebody can read all this. What happens with every statement and request is not measured otherwise. */
  get isRead(): boolean {
    return this.read;
  }

  /** From now on somebody can. What Node tells of itself is measured then too: heap, garbage, the event loop's lag. */
  open(): void {
    this.read = true;
    collectDefaultMetrics({ register: this.registry });
  }

  /**
   * Something that is read when somebody scrapes: within 2 s, or its gauges are left out of that scrape. It fails no scrape.
   * @param gauges all it sets: they are forgotten before it is read.
   */
  onScrape(name: string, gauges: Gauge[], read: () => Promise<void> | void): void {
    this.readings.push({ name, gauges, read });
  }

  /** Everything in the text format of Prometheus. Two that scrape at once are given the same. */
  scrape(): Promise<string> {
    this.scraping ??= this.readAll().finally(() => (this.scraping = null));
    return this.scraping;
  }

  private async readAll(): Promise<string> {
    await Promise.all(this.readings.map((reading) => this.readInTime(reading)));
    return this.registry.metrics();
  }

  private async readInTime({ name, gauges, read }: Reading): Promise<void> {
    for (const gauge of gauges) this.forget(gauge);
    try {
      await inTime(read(), LONGEST_READ);
    } catch (error) {
      this.scrapeFailures.inc({ reading: name });
      this.logger.debug(`${name} could not be read: ${(error as Error).message}`);
    }
  }

  /** A gauge that is not set says nothing, rather than 0. */
  private forget(gauge: Gauge): void {
    if (this.unlabelled.has(gauge)) gauge.remove();
    else gauge.reset();
  }

  private counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  private histogram<L extends string>(
    name: string,
    help: string,
    labelNames: L[],
    buckets: number[],
  ): Histogram<L> {
    return new Histogram({ name, help, labelNames, buckets, registers: [this.registry] });
  }

  private gauge<L extends string>(name: string, help: string, labelNames: L[] = []): Gauge<L> {
    const gauge = new Gauge({ name, help, labelNames, registers: [this.registry] });
    if (labelNames.length > 0) return gauge;
    gauge.remove();
    this.unlabelled.add(gauge);
    return gauge;
  }
}
