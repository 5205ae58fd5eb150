import { connect, type Socket } from 'node:net';
import type { Load, LoadRequest, Round } from './load.ts';

/**
 * A keep-alive HTTP/1.1 client on bare sockets, one request at a time on each: as little work as possible, since it shares the machine
 * with what is measured.
 */
const HEAD_END = Buffer.from('\r\n\r\n');
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

process.on('message', (load: Load) => {
  void run(load).then((round) => process.send!(round));
});

async function run({ ports, requests, connections, seconds }: Load): Promise<Round> {
  const bytes = requests.map(written);
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  const sockets = await Promise.all(
    Array.from({ length: connections }, (_, index) => opened(ports[index % ports.length]!)),
  );
  const started = performance.now();
  const end = started + (seconds ?? 0) * 1_000;
  let next = 0;
  const isOver = () => (seconds === undefined ? next >= bytes.length : performance.now() >= end);
  await Promise.all(
    sockets.map(async (socket) => {
      while (!isOver()) {
        const request = bytes[next++ % bytes.length]!;
        const sent = performance.now();
        const status = await exchange(socket, request);
        latencies.push(performance.now() - sent);
        statuses[status] = (statuses[status] ?? 0) + 1;
        if (status === 0) return;
      }
    }),
  );
  const taken = (performance.now() - started) / 1_000;
  for (const socket of sockets) socket.destroy();
  return { seconds: taken, latencies, statuses };
}

function written({ method, path, headers, body = '' }: LoadRequest): Buffer {
  const length = body === '' ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  const lines = Object.entries({ host: '127.0.0.1', ...headers, ...length }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  return Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}

function opened(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => resolve(socket));
    socket.once('error', reject);
  });
}

/** @returns the status of the answer; 0 where the connection broke off. */
function exchange(socket: Socket, request: Buffer): Promise<number> {
  return new Promise((resolve) => {
    let held: Buffer = Buffer.alloc(0);
    const settle = (status: number): void => {
      socket.off('data', take).off('close', breakOff).off('error', breakOff);
      resolve(status);
    };
    const breakOff = (): void => settle(0);
    const take = (chunk: Buffer): void => {
      held = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
      const status = finished(held);
      if (status !== null) settle(status);
    };
    socket.on('data', take).on('close', breakOff).on('error', breakOff);
    socket.write(request);
  });
}

/** The status of an answer that is there as a whole; null while some of it is missing. */
function finished(answer: Buffer): number | null {
  const end = answer.indexOf(HEAD_END);
  if (end < 0) return null;
  const head = answer.toString('latin1', 0, end);
  const status = Number(head.slice(9, 12));
  if (status === 204 || status === 304) return status;
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) return answer.length >= end + 4 + Number(length) ? status : null;
  return answer.subarray(-LAST_CHUNK.length).equals(LAST_CHUNK) ? status : null;
}
