import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface CollectedSpan {
  traceId: string;
  spanId: string;
  parentId: string;
  name: string;
  kind: number;
  attributes: Record<string, string | number>;
  failed: boolean;
}

/** A collector of OpenTelemetry (OTLP over HTTP in protobuf) that keeps what it is sent. */
export class TraceCollector {
  readonly spans: CollectedSpan[] = [];
  readonly resources: Record<string, string | number>[] = [];
  readonly bodies: Buffer[] = [];
  readonly headers: Record<string, unknown>[] = [];
  /** What it answers. */
  status = 200;

  private constructor(private readonly server: Server) {}

  static async open(): Promise<TraceCollector> {
    const server = createServer();
    const collector = new TraceCollector(server);
    server.on('request', async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      collector.bodies.push(body);
      collector.headers.push({ ...request.headers, path: request.url });
      if (collector.status === 200) collector.keep(body);
      response.writeHead(collector.status, { 'content-type': 'application/x-protobuf' }).end();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** The spans of the request with this id. */
  ofRequest(requestId: string): CollectedSpan[] {
    const root = this.spans.find(({ attributes }) => attributes['sallyport.request_id'] === requestId);
    return root === undefined ? [] : this.spans.filter(({ traceId }) => traceId === root.traceId);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  private keep(body: Buffer): void {
    for (const resourceSpans of messages(body, 1)) {
      for (const resource of messages(resourceSpans, 1)) this.resources.push(attributesOf(resource, 1));
      for (const scope of messages(resourceSpans, 2))
        for (const span of messages(scope, 2)) this.spans.push(spanOf(span));
    }
  }
}

function spanOf(span: Buffer): CollectedSpan {
  const bytes = (field: number) => messages(span, field)[0] ?? Buffer.alloc(0);
  const status = messages(span, 15)[0];
  return {
    traceId: bytes(1).toString('hex'),
    spanId: bytes(2).toString('hex'),
    parentId: bytes(4).toString('hex'),
    name: bytes(5).toString(),
    kind: numberIn(span, 6),
    attributes: attributesOf(span, 9),
    failed: status !== undefined && numberIn(status, 3) === 2,
  };
}

function attributesOf(message: Buffer, field: number): Record<string, string | number> {
  return Object.fromEntries(
    messages(message, field).map((pair) => {
      const value = messages(pair, 2)[0] ?? Buffer.alloc(0);
      const text = messages(value, 1)[0];
      return [messages(pair, 1)[0]!.toString(), text === undefined ? numberIn(value, 3) : text.toString()];
    }),
  );
}

type Field = { field: number; value: Buffer | number };

/** The fields of a message (protobuf wire format). */
function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message[at++]!;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return Number(value);
    }
  };
  const take = (length: number): Buffer => message.subarray(at, (at += length));
  while (at < message.length) {
    const key = varint();
    const [field, type] = [Math.floor(key / 8), key % 8];
    if (type === 0) yield { field, value: varint() };
    else if (type === 1) yield { field, value: take(8) };
    else if (type === 2) yield { field, value: take(varint()) };
    else if (type === 5) yield { field, value: take(4) };
    else throw new Error(`wire type ${type}`);
  }
}

function messages(message: Buffer, wanted: number): Buffer[] {
  return [...fieldsOf(message)].flatMap(({ field, value }) =>
    field === wanted && Buffer.isBuffer(value) ? [value] : [],
  );
}

function numberIn(message: Buffer, wanted: number): number {
  const found = [...fieldsOf(message)].find(({ field }) => field === wanted)?.value;
  return typeof found === 'number' ? found : 0;
}
