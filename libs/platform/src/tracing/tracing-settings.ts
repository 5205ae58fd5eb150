import type { EnvironmentReader } from '../config/environment.js';

const SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/** Where traces go, by the standard environment variables of OpenTelemetry. */
export interface TracingSettings {
  /** The collector's address for traces, OTLP over HTTP in protobuf. */
  url: string;
  /** Sent to it; may hold a secret. */
  headers: Record<string, string>;
  /** What the collector is told this service is. */
  attributes: Record<string, string>;
  sampler: (typeof SAMPLERS)[number];
  /** Of traces that are kept, where the sampler asks for it. */
  ratio: number;
}

/** @returns null unless an endpoint is named or the exporter `otlp` is asked for, or where that is switched off again. */
export function readTracing(env: EnvironmentReader): TracingSettings | null {
  const off = env.oneOf('OTEL_SDK_DISABLED', ['false', 'true'], 'false') === 'true';
  const own = env.text('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const shared = env.text('OTEL_EXPORTER_OTLP_ENDPOINT');
  const wanted = own !== null || shared !== null ? 'otlp' : 'none';
  const exporter = env.oneOf('OTEL_TRACES_EXPORTER', ['otlp', 'none'], wanted);
  for (const name of ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'OTEL_EXPORTER_OTLP_PROTOCOL'])
    env.oneOf(name, ['http/protobuf'], 'http/protobuf');
  const name = env.text('OTEL_SERVICE_NAME');
  const settings = {
    url: urlOf(env, own, shared),
    headers: {
      ...headersOf(env, 'OTEL_EXPORTER_OTLP_HEADERS'),
      ...headersOf(env, 'OTEL_EXPORTER_OTLP_TRACES_HEADERS'),
    },
    attributes: {
      'service.name': 'sallyport',
      ...pairs(env, 'OTEL_RESOURCE_ATTRIBUTES', env.text('OTEL_RESOURCE_ATTRIBUTES')),
      ...(name === null ? {} : { 'service.name': name }),
    },
    sampler: env.oneOf('OTEL_TRACES_SAMPLER', SAMPLERS, 'parentbased_always_on'),
    ratio: ratio(env),
  };
  return off || exporter === 'none' ? null : settings;
}

/** Without an endpoint: the collector on the same host, as the standard has it. */
function urlOf(env: EnvironmentReader, own: string | null, shared: string | null): string {
  const base = shared ?? 'http://localhost:4318';
  const url = own ?? `${base.replace(/\/$/, '')}/v1/traces`;
  const setting = own === null ? 'OTEL_EXPORTER_OTLP_ENDPOINT' : 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT';
  if (!URL.canParse(url) || !/^https?:\/\//.test(url))
    env.refuse(setting, 'must be an http:// or https:// URL');
  return url;
}

/** They may hold what opens the collector. */
function headersOf(env: EnvironmentReader, name: string): Record<string, string> {
  return pairs(env, name, env.secret(name));
}

/** `key=value,key=value`, percent-encoded (W3C Baggage). */
function pairs(env: EnvironmentReader, name: string, text: string | null): Record<string, string> {
  const read: Record<string, string> = {};
  for (const pair of (text ?? '').split(',').filter((part) => part.trim() !== '')) {
    const at = pair.indexOf('=');
    const value = at < 1 ? null : decoded(pair.slice(at + 1).trim());
    if (value === null) env.refuse(name, 'must be key=value, separated by commas, percent-encoded');
    else read[pair.slice(0, at).trim()] = value;
  }
  return read;
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function ratio(env: EnvironmentReader): number {
  const text = env.text('OTEL_TRACES_SAMPLER_ARG');
  if (text === null) return 1;
  const value = /^(0|1|[01]?\.\d{1,9})$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  env.refuse('OTEL_TRACES_SAMPLER_ARG', 'must be a number from 0 to 1');
  return 1;
}
