import { describe, expect, it } from 'vitest';
import { ConfigError } from '../config/config-error.js';
import { readConfig } from '../config/config.js';

function problemsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    return (error as ConfigError).problems.map(({ setting }) => setting);
  }
}

const ENDPOINT = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.example.com:4318' };

describe('traces by the standard environment variables', () => {
  it('are off unless somebody asks', () => {
    expect(readConfig({}).tracing).toBe(null);
    expect(readConfig({ OTEL_SERVICE_NAME: 'doors', OTEL_TRACES_SAMPLER: 'always_on' }).tracing).toBe(null);
    expect(readConfig({ ...ENDPOINT, OTEL_TRACES_EXPORTER: 'none' }).tracing).toBe(null);
    expect(readConfig({ ...ENDPOINT, OTEL_SDK_DISABLED: 'true' }).tracing).toBe(null);
    expect(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: '' }).tracing).toBe(null);
  });

  it('go to the endpoint, with the path of traces where it is shared', () => {
    expect(readConfig(ENDPOINT).tracing).toEqual({
      url: 'http://collector.example.com:4318/v1/traces',
      headers: {},
      attributes: { 'service.name': 'sallyport' },
      sampler: 'parentbased_always_on',
      ratio: 1,
    });
    const slash = { OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.example.com/otlp/' };
    expect(readConfig(slash).tracing?.url).toBe('https://collector.example.com/otlp/v1/traces');
    const own = { ...ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'https://traces.example.com/x' };
    expect(readConfig(own).tracing?.url).toBe('https://traces.example.com/x');
    expect(readConfig({ OTEL_TRACES_EXPORTER: 'otlp' }).tracing?.url).toBe('http://localhost:4318/v1/traces');
  });

  it('S97 stop the start with their name where they are wrong, all at once and without their value', () => {
    for (const [setting, values] of Object.entries({
      OTEL_EXPORTER_OTLP_ENDPOINT: ['collector:4318', 'grpc://collector', 'not a url'],
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: ['ftp://collector'],
      OTEL_EXPORTER_OTLP_PROTOCOL: ['grpc', 'http/json'],
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: ['grpc'],
      OTEL_TRACES_EXPORTER: ['console', 'zipkin', 'otlp,console'],
      OTEL_TRACES_SAMPLER: ['jaeger_remote', 'sometimes'],
      OTEL_TRACES_SAMPLER_ARG: ['2', '-1', 'half', ''].slice(0, 3),
      OTEL_RESOURCE_ATTRIBUTES: ['no-value', 'a=%zz'],
      OTEL_EXPORTER_OTLP_HEADERS: ['planted-secret'],
      OTEL_SDK_DISABLED: ['yes'],
    }))
      for (const value of values)
        expect([setting, value, ...problemsOf({ [setting]: value })]).toEqual([setting, value, setting]);
    const both = { OTEL_EXPORTER_OTLP_HEADERS: 'planted-secret', OTEL_TRACES_SAMPLER: 'planted-sampler' };
    expect(problemsOf(both).toSorted()).toEqual(Object.keys(both).toSorted());
    expect(() => readConfig(both)).not.toThrow('planted');
  });
});

describe('the port of metrics', () => {
  it('S97 is off by default, on loopback unless told otherwise, and a port of its own', () => {
    expect(readConfig({})).toMatchObject({ metricsPort: null, metricsHost: '127.0.0.1' });
    expect(readConfig({ METRICS_PORT: 'off' }).metricsPort).toBe(null);
    expect(readConfig({ METRICS_PORT: '9464', METRICS_HOST: '0.0.0.0' })).toMatchObject({
      metricsPort: 9464,
      metricsHost: '0.0.0.0',
    });
    expect(readConfig({ METRICS_PORT: '0', PORT: '0' }).metricsPort).toBe(0);
    for (const port of ['70000', 'on', '-1'])
      expect(problemsOf({ METRICS_PORT: port })).toEqual(['METRICS_PORT']);
    for (const port of ['8200', '8443']) expect(problemsOf({ METRICS_PORT: port })).toEqual(['METRICS_PORT']);
    for (const host of ['metrics.example.com', 'any', '127.0.0.1:1', '127.1'])
      expect(problemsOf({ METRICS_HOST: host })).toEqual(['METRICS_HOST']);
  });
});
