import { Logger } from '@nestjs/common';
import type { Context, Span, SpanContext } from '@opentelemetry/api';
import type { ReadableSpan, Sampler, SpanExporter } from '@opentelemetry/sdk-trace';
import type { Metrics } from '../metrics/metrics.js';
import { outsideActs } from './current-act.js';
import { type SpanStart, Tracing } from './tracing.js';
import type { TracingSettings } from './tracing-settings.js';

/** Milliseconds a collector may take for one portion of spans. */
const EXPORT_MS = 5_000;
const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * Opens the way to the collector the start-up environment names. The packages of OpenTelemetry are loaded here and nowhere else: who does
 * not ask for traces pays for none of them.
 * @param settings null: nobody asked.
 */
export async function openTracing(
  settings: TracingSettings | null,
  version: string,
  metrics: Metrics,
): Promise<Tracing> {
  if (settings === null) return new Tracing();
  const [api, sdk, { resourceFromAttributes }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-proto'),
  ]);
  const { url, headers } = settings;
  const exporter = new ToldExporter(
    new OTLPTraceExporter({ url, headers, timeoutMillis: EXPORT_MS }),
    metrics,
  );
  const provider = new sdk.TracerProvider({
    resource: resourceFromAttributes({ 'service.version': version, ...settings.attributes }),
    sampler: samplerOf(settings, sdk),
    spanProcessors: [new sdk.BatchSpanProcessor({ exporter, exportTimeoutMillis: EXPORT_MS })],
  });
  const tracer = provider.getTracer('sallyport', version);
  const kinds = { server: api.SpanKind.SERVER, client: api.SpanKind.CLIENT, internal: api.SpanKind.INTERNAL };
  const contextOf = (parent: Span | string | null): Context => {
    if (parent === null) return api.ROOT_CONTEXT;
    if (typeof parent !== 'string') return api.trace.setSpan(api.ROOT_CONTEXT, parent);
    const remote = remoteSpan(parent);
    return remote === null ? api.ROOT_CONTEXT : api.trace.setSpanContext(api.ROOT_CONTEXT, remote);
  };
  return new Tracing({
    start: ({ name, kind, attributes, startTime, parent }: SpanStart) =>
      tracer.startSpan(
        name,
        { kind: kinds[kind], ...(attributes && { attributes }), ...(startTime && { startTime }) },
        contextOf(parent),
      ),
    close: () => provider.shutdown().catch(() => undefined),
  });
}

/** A collector that does not answer is told of in the log, once a minute, and in the metrics; it holds up nothing. */
class ToldExporter implements SpanExporter {
  private readonly logger = new Logger('Tracing');
  private toldAt = -Infinity;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly metrics: Metrics,
  ) {}

  export(...[spans, answer]: Parameters<SpanExporter['export']>): void {
    // They are of many requests; the one that happened to fill the batch has no part in it.
    outsideActs(() =>
      this.exporter.export(spans, (result) => {
        outsideActs(() => this.tell(spans, result.error));
        answer(result);
      }),
    );
  }

  shutdown(): Promise<void> {
    return this.exporter.shutdown();
  }

  async forceFlush(): Promise<void> {
    await this.exporter.forceFlush?.();
  }

  private tell(spans: ReadableSpan[], error: Error | undefined): void {
    this.metrics.spans.inc({ outcome: error === undefined ? 'taken' : 'lost' }, spans.length);
    if (error === undefined || performance.now() - this.toldAt < 60_000) return;
    this.toldAt = performance.now();
    this.logger.warn(`the collector of traces did not take ${spans.length} spans: ${reasonOf(error)}`);
  }
}

/** The code of the system's error or the status of the collector; never its words. */
function reasonOf(error: Error): string {
  const { code } = error as { code?: string | number };
  return code === undefined ? error.name : String(code);
}

function samplerOf(
  { sampler, ratio }: TracingSettings,
  sdk: typeof import('@opentelemetry/sdk-trace'),
): Sampler {
  const { AlwaysOffSampler, AlwaysOnSampler, ParentBasedSampler, TraceIdRatioBasedSampler } = sdk;
  const roots = {
    always_on: () => new AlwaysOnSampler(),
    always_off: () => new AlwaysOffSampler(),
    traceidratio: () => new TraceIdRatioBasedSampler(ratio),
  };
  if (!sampler.startsWith('parentbased_')) return roots[sampler as keyof typeof roots]();
  return new ParentBasedSampler({ root: roots[sampler.slice(12) as keyof typeof roots]() });
}

/** W3C Trace Context §3.2.2; whatever it is not is as if it were not there. */
function remoteSpan(traceparent: string): SpanContext | null {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(traceparent) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return null;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return null;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
}
