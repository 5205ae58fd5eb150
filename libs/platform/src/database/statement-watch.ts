import { Injectable, type OnModuleInit } from '@nestjs/common';
import { type AfterQueryEvent, DataSource, type EntitySubscriberInterface } from 'typeorm';
import { Clock } from '../clock.js';
import { Metrics } from '../metrics/metrics.js';
import { markFailed, Tracing } from '../tracing/tracing.js';
import { poolOf } from './connection-pool.js';
import { statementLabel } from './statement-label.js';

/** Measures statements, raw ones and TypeORM's: what they do and on which table, never their values (S70). */
@Injectable()
export class StatementWatch implements EntitySubscriberInterface, OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    private readonly metrics: Metrics,
    private readonly tracing: Tracing,
    private readonly clock: Clock,
  ) {}

  onModuleInit(): void {
    this.dataSource.subscribers.push(this);
    const { pool, poolLimit, poolWaiting } = this.metrics;
    this.metrics.onScrape('pool', [pool, poolLimit, poolWaiting], () => {
      const { totalCount, idleCount, waitingCount, options } = poolOf(this.dataSource);
      pool.set({ state: 'idle' }, idleCount);
      pool.set({ state: 'busy' }, totalCount - idleCount);
      poolWaiting.set(waitingCount);
      poolLimit.set(options.max);
    });
  }

  /** Sends a raw statement. */
  measure<T>(text: string, send: () => Promise<T>): Promise<T> {
    return this.isOff ? send() : this.measureOne(text, send);
  }

  /** A raw statement that is sent together with those of others: its span is the wait for its answer. */
  follow<T>(text: string, ask: () => Promise<T>): Promise<T> {
    if (!this.tracing.isOn) return ask();
    const { operation, table } = statementLabel(text);
    return this.tracing.run(() => spanStart(operation, table), ask);
  }

  private async measureOne<T>(text: string, send: () => Promise<T>): Promise<T> {
    const { operation, table } = statementLabel(text);
    const span = this.tracing.within(() => spanStart(operation, table));
    const began = performance.now();
    try {
      const result = await send();
      this.metrics.statements.observe({ operation, outcome: 'done' }, (performance.now() - began) / 1000);
      return result;
    } catch (error) {
      this.metrics.statements.observe({ operation, outcome: 'failed' }, (performance.now() - began) / 1000);
      if (span !== null) markFailed(span, error);
      throw error;
    } finally {
      span?.end();
    }
  }

  /** Nobody asks how long statements take. */
  private get isOff(): boolean {
    return !this.metrics.isRead && !this.tracing.isOn;
  }

  /** TypeORM tells of its own statements, BEGIN and COMMIT among them, when they are done. */
  afterQuery({ query, success, executionTime = 0, error }: AfterQueryEvent): void {
    if (this.isOff) return;
    const { operation, table } = statementLabel(query);
    this.metrics.statements.observe(
      { operation, outcome: success ? 'done' : 'failed' },
      executionTime / 1000,
    );
    const startTime = this.clock.now().getTime() - executionTime;
    const span = this.tracing.within(() => ({ ...spanStart(operation, table), startTime }));
    if (span === null) return;
    if (!success) markFailed(span, error);
    span.end();
  }
}

function spanStart(operation: string, table: string | null) {
  const name = [operation.toUpperCase(), ...(table === null ? [] : [table])].join(' ');
  const of = { 'db.system.name': 'postgresql', 'db.operation.name': operation };
  return {
    name,
    kind: 'client' as const,
    attributes: { ...of, ...(table === null ? {} : { 'db.collection.name': table }) },
  };
}
