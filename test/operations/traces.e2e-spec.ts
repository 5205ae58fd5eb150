import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { currentAct } from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { RadiusResponder } from '../support/radius-responder.js';
import { plantRadius } from '../support/radius-method.js';
import { Scrape } from '../support/scrape.js';
import { type Answer, expecting, send } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { type CollectedSpan, TraceCollector } from '../support/trace-collector.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const PARENT = '00f067aa0ba902b7';

let collector: TraceCollector;
let stage: Stage;
beforeAll(async () => {
  collector = await TraceCollector.open();
  stage = await Stage.open(1);
});
afterAll(async () => {
  await stage.close();
  await collector.close();
});
beforeEach(() => {
  collector.spans.length = 0;
  collector.bodies.length = 0;
  collector.status = 200;
});

/** Serves with these settings, and ends the replica: then everything was sent. */
async function serving<T>(
  settings: Record<string, string>,
  work: (replica: Sallyport) => Promise<T>,
): Promise<T> {
  const replica = await startSallyport({
    replicaOf: stage.first,
    settings: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...settings },
  });
  try {
    return await work(replica);
  } finally {
    await replica.stop();
  }
}

function lookUp(replica: Sallyport, headers: Record<string, string> = {}): Promise<Answer> {
  const token = { 'x-vault-token': stage.first.rootToken };
  return send({
    method: 'GET',
    url: `${replica.url}/v1/auth/token/lookup-self`,
    headers: { ...token, ...headers },
  });
}

const requestIdOf = ({ headers }: Answer) => headers['x-request-id'] as string;
const named = (spans: CollectedSpan[]) => spans.map(({ name }) => name);

describe('traces', () => {
  it('have a span for the request and one for each statement, by what they do and never with what', async () => {
    const answer = await serving({}, (replica) => expecting(200, lookUp(replica)));
    const [request, ...inside] = collector
      .ofRequest(requestIdOf(answer))
      .toSorted((one, other) => Number(one.kind === 3) - Number(other.kind === 3));
    expect(request).toMatchObject({
      name: 'GET /v1/auth/token/lookup-self',
      kind: 2,
      parentId: '',
      failed: false,
      attributes: {
        'http.request.method': 'GET',
        'http.route': '/v1/auth/token/lookup-self',
        'http.response.status_code': 200,
        'sallyport.dialect': 'vault',
        'sallyport.request_id': requestIdOf(answer),
      },
    });
    expect(inside.length).toBeGreaterThan(0);
    expect(named(inside)).toContain('SELECT tokens');
    for (const span of inside) {
      expect(span).toMatchObject({ parentId: request!.spanId, traceId: request!.traceId, kind: 3 });
      expect(Object.keys(span.attributes)).toEqual([
        'db.system.name',
        'db.operation.name',
        'db.collection.name',
      ]);
    }
    expect(collector.resources.at(-1)).toEqual({ 'service.name': 'sallyport', 'service.version': '0.1.0' });
    expect(collector.headers.at(-1)).toMatchObject({
      path: '/v1/traces',
      'content-type': 'application/x-protobuf',
    });
  });

  it('show the run of a hash, of a sandbox and a call outside, in the request they belong to', async () => {
    const radius = await RadiusResponder.start('a shared secret');
    radius.answering(() => ({ code: 'accept' }));
    await stage.addUser('ines');
    await stage.makeAdministrator('ines');
    const settings = { SALLYPORT_OUTGOING_ALLOW: `radius://127.0.0.1:${radius.port}` };
    const answers = await serving(settings, async ({ url }) => {
      const client = stage.appgate().at(url);
      const signedIn = await expecting(200, client.logIn('ines', PASSWORD));
      await plantRadius(stage.first, {
        port: radius.port,
        sharedSecret: 'a shared secret',
        timeout: 1,
        mode: 'OneFactor',
        authenticationProtocol: 'PAP',
      });
      const partial = await client.partial('ines', PASSWORD);
      await expecting(200, partial.post('/authentication/otp/initialize', {}));
      const proven = await expecting(200, partial.submit('492039'));
      await stage.rows('UPDATE admin_mfa_settings SET provider_id = NULL');
      return { signedIn, proven };
    });
    radius.close();
    expect(named(collector.ofRequest(requestIdOf(answers.signedIn)))).toEqual(
      expect.arrayContaining(['POST /admin/login', 'argon2id', 'sandbox', 'COMMIT', 'INSERT tokens']),
    );
    const asked = collector.ofRequest(requestIdOf(answers.proven));
    expect(asked.find(({ name }) => name === 'RADIUS Access-Request')).toMatchObject({
      kind: 3,
      attributes: {},
    });
  });

  it('go on with the trace of a traceparent, and begin their own without a whole one', async () => {
    await serving({}, async (replica) => {
      await lookUp(replica, { traceparent: `00-${TRACE}-${PARENT}-01` });
      for (const traceparent of [
        `00-${'0'.repeat(32)}-${PARENT}-01`,
        `00-${TRACE}-${'0'.repeat(16)}-01`,
        `01-${TRACE}-${PARENT}-01-more`,
        `00-${TRACE.toUpperCase()}-${PARENT}-01`,
        'planted',
      ])
        await lookUp(replica, { traceparent });
    });
    const requests = collector.spans.filter(({ kind }) => kind === 2);
    expect(requests).toHaveLength(6);
    expect(requests.filter(({ traceId }) => traceId === TRACE)).toHaveLength(1);
    expect(requests.filter(({ parentId }) => parentId === PARENT)).toHaveLength(1);
    expect(requests.filter(({ parentId }) => parentId === '')).toHaveLength(5);
  });

  it.each([
    [{ OTEL_TRACES_SAMPLER: 'always_off' }, '01', 0],
    [{ OTEL_TRACES_SAMPLER: 'always_on' }, '00', 1],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '0' }, '01', 0],
    [{ OTEL_TRACES_SAMPLER: 'traceidratio', OTEL_TRACES_SAMPLER_ARG: '1' }, '00', 1],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_always_off' }, '01', 1],
    [{ OTEL_TRACES_SAMPLER: 'parentbased_traceidratio', OTEL_TRACES_SAMPLER_ARG: '1.0' }, '00', 0],
    [{}, '00', 0],
    [{}, '01', 1],
  ] as [Record<string, string>, string, number][])(
    'are kept as %o says (flags %s)',
    async (settings, flags, kept) => {
      await serving(settings, (replica) =>
        lookUp(replica, { traceparent: `00-${TRACE}-${PARENT}-${flags}` }),
      );
      expect(collector.spans.filter(({ kind }) => kind === 2)).toHaveLength(kept);
      if (kept === 0) expect(collector.spans).toEqual([]);
    },
  );

  it('tell the collector the name and the attributes they are given, and send the headers it wants', async () => {
    const settings = {
      OTEL_SERVICE_NAME: 'doors',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=east%20wing,service.name=other',
      OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20collector-secret',
      OTEL_EXPORTER_OTLP_ENDPOINT: '',
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/own/path`,
    };
    await serving(settings, (replica) => lookUp(replica));
    expect(collector.resources.at(-1)).toEqual({
      'service.name': 'doors',
      'service.version': '0.1.0',
      'deployment.environment.name': 'east wing',
    });
    expect(collector.headers.at(-1)).toMatchObject({
      path: '/own/path',
      authorization: 'Bearer collector-secret',
    });
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: '' }],
    [{ OTEL_SDK_DISABLED: 'true' }],
    [{ OTEL_TRACES_EXPORTER: 'none' }],
  ] as [Record<string, string>][])('are not there with %o', async (settings) => {
    await serving(settings, (replica) => expecting(200, lookUp(replica)));
    expect(collector.bodies).toEqual([]);
  });

  it('hold nothing up where the collector refuses them, and are counted as lost', async () => {
    collector.status = 400;
    const acts: unknown[] = [];
    const warn = vi.spyOn(Logger.prototype, 'warn').mockImplementation((line: unknown) => {
      if (String(line).startsWith('the collector of traces')) acts.push(currentAct());
    });
    await serving({ METRICS_PORT: '0' }, async (replica) => {
      for (let times = 0; times < 600; times += 1) await expecting(200, lookUp(replica));
      const deadline = performance.now() + 5_000;
      for (;;) {
        const lost = (await Scrape.of(replica)).of('sallyport_trace_spans_total')['outcome="lost"'] ?? 0;
        if (lost >= 512) break;
        if (performance.now() > deadline) throw new Error(`${lost} were lost`);
        await expecting(200, lookUp(replica));
      }
    });
    expect(collector.spans).toEqual([]);
    // What is said of many requests is said in nobody's name.
    expect(acts).toEqual([undefined]);
    warn.mockRestore();
  });

  it('S70 hold no name, password, code, token or id of what they trace, also of what fails', async () => {
    const player = await stage.addProtected('planted-name');
    stage.clock.advance(30);
    const code = stage.code(player);
    await serving({}, async (replica) => {
      const vault = stage.vault().at(replica.url);
      await vault.logIn('planted-name', 'planted-password');
      const { auth } = (await expecting(200, vault.logIn('planted-name', PASSWORD))).body;
      const requestId = auth.mfa_requirement.mfa_request_id;
      await vault.validate(requestId, stage.wrong(player));
      const { auth: issued } = (await expecting(200, vault.validate(requestId, code))).body;
      await vault.with(issued.client_token).read('identity/entity/id/planted-id?planted=query');
      await stage.root.at(replica.url).write('auth/userpass/users/planted-name', { password: 'planted' });
      await send({ method: 'GET', url: `${replica.url}/admin/planted/path`, headers: { cookie: 'planted' } });
      await lookUp(replica, { traceparent: 'planted', tracestate: 'planted=1', baggage: 'planted=1' });
      for (const secret of [issued.client_token, issued.accessor, requestId]) planted.push(secret);
    });
    const sent = Buffer.concat(collector.bodies).toString('latin1');
    expect(sent).toContain('POST /v1/auth/:mount/login/:username');
    for (const secret of [...planted, PASSWORD, stage.first.rootToken, player.authenticator.secret])
      expect([secret, sent.includes(secret)]).toEqual([secret, false]);
    expect(sent).not.toMatch(new RegExp(`(?<!\\d)${code}(?!\\d)`));
  });
});

const planted: string[] = ['planted'];

it('are the only reason to load OpenTelemetry: elsewhere its types are imported, and nothing that runs', () => {
  const root = join(import.meta.dirname, '../..');
  const loading = ['apps', 'libs'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .flatMap((name) => readFileSync(join(root, folder, name), 'utf8').split('\n'))
      .filter((line) => line.includes("from '@opentelemetry/") && !line.startsWith('import type ')),
  );
  expect(loading).toEqual([]);
});
