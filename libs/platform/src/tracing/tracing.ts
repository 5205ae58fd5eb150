import { Injectable } from '@nestjs/common';
import type { Attributes, Span } from '@opentelemetry/api';
import { currentAct } from './current-act.js';

export interface SpanStart {
  name: string;
  kind: 'server' | 'client' | 'internal';
  attributes?: Attributes;
  /** When it began, in milliseconds since 1970, where that was not just now. */
  startTime?: number;
  /** The span it belongs to; a `traceparent` header (W3C) of somebody else's; null: it begins a trace. */
  parent: Span | string | null;
}

/** Where spans go. There is none unless the environment asks for traces. */
export interface SpanSource {
  start(span: SpanStart): Span;
  /** Sends what is left. */
  close(): Promise<void>;
}

/** Spans of requests and of what happens inside them. Off, it costs one comparison. */
@Injectable()
export class Tracing {
  constructor(private readonly source: SpanSource | null = null) {}

  get isOn(): boolean {
    return this.source !== null;
  }

  /** The span of a request; null where nothing is traced. */
  begin(start: () => SpanStart): Span | null {
    return this.source?.start(start()) ?? null;
  }

  /**
   * Runs work in a span of the request that is being answered; without one, just runs it. What failed is marked as failed, by the name of
   * its error alone: messages may hold what somebody sent (S70).
   */
  async run<T>(start: () => Omit<SpanStart, 'parent'>, work: () => Promise<T>): Promise<T> {
    const span = this.within(start);
    if (span === null) return work();
    try {
      return await work();
    } catch (error) {
      markFailed(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** A span of the request that is being answered, to be ended by the caller; null where there is none. */
  within(start: () => Omit<SpanStart, 'parent'>): Span | null {
    if (this.source === null) return null;
    const parent = currentAct()?.span ?? null;
    if (parent === null || !parent.isRecording()) return null;
    return this.source.start({ ...start(), parent });
  }

  /** Sends what is left; the process may end then. */
  async close(): Promise<void> {
    await this.source?.close();
  }
}

const FAILED = 2;

export function markFailed(span: Span, error: unknown): void {
  span.setStatus({ code: FAILED });
  span.setAttribute('error.type', error instanceof Error ? error.name : 'unknown');
}
