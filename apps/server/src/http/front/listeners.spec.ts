import { mkdtemp } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as wait } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Listeners, type TlsKeys } from './listeners.js';
import { ensureCertificate } from './self-signed-certificate.js';

/** Answers `METHOD url body` and, on `/big`, a megabyte; `/slow` waits. */
async function echo(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await text(request).catch(() => null);
  if (body === null) return void response.destroy();
  if (request.url === '/slow') await wait(150);
  if (request.url === '/big') return void response.end('x'.repeat(1_000_000));
  response.end(`[${request.method} ${request.url} ${body}]`);
}

let server: Server;
let listeners: Listeners;
let port: number;
let keys: TlsKeys;

beforeAll(async () => {
  keys = await ensureCertificate(await mkdtemp(join(tmpdir(), 'listeners-')), 'sallyport.test', new Date());
});

beforeEach(async () => {
  server = createServer((request, response) => void echo(request, response));
  listeners = new Listeners(server, { headMs: 200, bodyMs: 300, idleMs: 400, lingerMs: 100 });
  ({ port } = await listeners.listenPlain('127.0.0.1', 0));
});

afterEach(async () => {
  await listeners.close(0);
});

function open(): Socket {
  return connect({ host: '127.0.0.1', port, allowHalfOpen: true });
}

/** Everything the server sends until it closes. */
function answerOf(socket: Socket): Promise<string> {
  return text(socket).catch((error: NodeJS.ErrnoException) => `(${error.code})`);
}

/** Sends the pieces one after the other, then half-closes, and reads to the end. */
async function talk(...pieces: string[]): Promise<string> {
  const socket = open();
  const answer = answerOf(socket);
  for (const piece of pieces) {
    socket.write(piece);
    await wait(5);
  }
  socket.end();
  return answer;
}

/** The bodies of echoed answers, in order. */
function echoes(answer: string): string[] {
  return [...answer.matchAll(/\[(.*?)\]/gs)].map((match) => match[1]!);
}

function head(line: string, ...fields: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: a', ...fields, '', ''].join('\r\n');
}

describe('Listeners', () => {
  it('serves several requests on one connection, the verb LIST among them', async () => {
    expect(echoes(await talk(head('GET /a'), head('LIST /b'), head('GET /c')))).toEqual([
      'GET /a ',
      'LINK /b ',
      'GET /c ',
    ]);
  });

  it('serves pipelined requests in order', async () => {
    const pipelined = head('LIST /slow') + head('GET /b') + head('LIST /c');
    expect(echoes(await talk(pipelined))).toEqual(['LINK /slow ', 'GET /b ', 'LINK /c ']);
  });

  it('hands on a genuine LINK as LOCK', async () => {
    expect(echoes(await talk(head('LINK /a')))).toEqual(['LOCK /a ']);
  });

  it('S82 leaves LIST inside bodies alone, counted or chunked, and keeps the framing', async () => {
    const counted = `${head('POST /a', 'Content-Length: 10')}LIST /evil`;
    const chunked = `${head('POST /b', 'Transfer-Encoding: chunked')}5\r\nLIST \r\n6\r\n/evil2\r\n0\r\n\r\n`;
    expect(echoes(await talk(counted + chunked + head('LIST /c')))).toEqual([
      'POST /a LIST /evil',
      'POST /b LIST /evil2',
      'LINK /c ',
    ]);
  });

  it('S82 understands requests that come byte by byte', async () => {
    const bytes = [...`${head('LIST /a')}${head('POST /b', 'Content-Length: 5')}LIST ${head('LINK /c')}`];
    const socket = open().setNoDelay();
    const answer = answerOf(socket);
    for (const byte of bytes) {
      socket.write(byte);
      await wait(0);
    }
    socket.end();
    expect(echoes(await answer)).toEqual(['LINK /a ', 'POST /b LIST ', 'LOCK /c ']);
  });

  it.each([
    ['length and transfer-encoding', ['Content-Length: 5', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
    ['transfer-encoding and length', ['Transfer-Encoding: chunked', 'Content-Length: 5'], '0\r\n\r\n'],
    ['two different lengths', ['Content-Length: 5', 'Content-Length: 6'], 'abcdef'],
    ['a coding that is not chunked', ['Transfer-Encoding: identity'], ''],
    ['chunked that is not last', ['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'],
    ['a signed length', ['Content-Length: +5'], 'abcde'],
    ['a blank in a header name', ['Content-Length : 5'], 'abcde'],
  ])('S82 answers %s with 400, closes, and runs nothing of what follows', async (_what, fields, body) => {
    const answer = await talk(head('POST /a', ...fields) + body + head('LIST /smuggled'));
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).not.toContain('smuggled');
  });

  it('S82 cannot be made to see a smuggled LIST after a bad chunk size', async () => {
    const answer = await talk(
      `${head('POST /a', 'Transfer-Encoding: chunked')}5 \r\nabcde\r\n${head('LIST /smuggled')}`,
    );
    expect(answer).not.toContain('smuggled');
  });

  it('S82 closes a connection whose framing it gave up following', async () => {
    const answer = await talk(head('GET /a', 'Connection: Upgrade', 'Upgrade: h2c') + head('LIST /b'));
    expect(echoes(answer)).toEqual(['GET /a ']);
    expect(answer).toMatch(/connection: close/i);
  });

  it('S82 refuses headers over 16 KiB', async () => {
    expect(await talk(head('GET /a', `X: ${'x'.repeat(17_000)}`))).toMatch(/^HTTP\/1\.1 431 /);
    expect(echoes(await talk(head('GET /a', `X: ${'x'.repeat(15_000)}`)))).toEqual(['GET /a ']);
  });

  it('S82 cuts off who is slow with the headers', async () => {
    const socket = open();
    const answer = answerOf(socket);
    const started = performance.now();
    const drip = setInterval(() => socket.write('X'), 20);
    socket.write('LIST / HTTP/1.1\r\n');
    expect(await answer).toMatch(/^HTTP\/1\.1 408 .*Connection: close/s);
    clearInterval(drip);
    expect(performance.now() - started).toBeLessThan(2_000);
  });

  it('S82 cuts off who sends nothing, or only line ends', async () => {
    const silent = answerOf(open());
    const socket = open();
    const drip = setInterval(() => socket.write('\r\n'), 20);
    const answer = await answerOf(socket);
    clearInterval(drip);
    expect(await silent).toBe('');
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('S82 cuts off who is slow with the body', async () => {
    const socket = open();
    const answer = answerOf(socket);
    const drip = setInterval(() => socket.write('x'), 20);
    socket.write(head('POST /a', 'Content-Length: 1000'));
    expect(await answer).not.toContain('POST');
    clearInterval(drip);
  });

  it('S82 goes on serving while a thousand slow senders hold connections', async () => {
    const slow = Array.from({ length: 1000 }, () => open());
    slow.forEach((socket) => socket.on('error', () => undefined).write('LIS'));
    expect(echoes(await talk(head('GET /a')))).toEqual(['GET /a ']);
    slow.forEach((socket) => socket.destroy());
  });

  it('closes an idle connection', async () => {
    const socket = open();
    const answer = answerOf(socket);
    socket.write(head('GET /a'));
    const started = performance.now();
    expect(echoes(await answer)).toEqual(['GET /a ']);
    expect(performance.now() - started).toBeGreaterThan(350);
  });

  it('lets an answer take longer than the head and body may', async () => {
    server.removeAllListeners('request');
    server.on('request', (_request, response) => void wait(500).then(() => response.end('[late]')));
    expect(echoes(await talk(head('GET /')))).toEqual(['late']);
  });

  it('holds back a fast sender and a slow reader', async () => {
    const socket = open();
    socket.pause();
    socket.write(head('GET /big') + head('GET /big') + head('GET /big', 'Connection: close'));
    await wait(100);
    expect((await answerOf(socket)).length).toBeGreaterThan(3_000_000);
  });

  it('cuts off who takes none of the answer', async () => {
    await listeners.close(0);
    listeners = new Listeners(server, { stallMs: 100 });
    ({ port } = await listeners.listenPlain('127.0.0.1', 0));
    const socket = open();
    socket.on('error', () => undefined).pause();
    socket.write(head('GET /big').repeat(30));
    for (let tries = 0; tries < 100 && listeners.size === 0; tries += 1) await wait(10);
    for (let tries = 0; tries < 200 && listeners.size > 0; tries += 1) await wait(10);
    expect(listeners.size).toBe(0);
    socket.destroy();
  });

  it('tells the handler the peer address', async () => {
    server.removeAllListeners('request');
    server.on('request', ({ socket }, response) =>
      response.end(`[${socket.remoteAddress} ${socket.localPort}]`),
    );
    expect(echoes(await talk(head('GET /')))).toEqual([`127.0.0.1 ${port}`]);
  });

  it('turns away peers that may not speak plain HTTP (S84)', async () => {
    ({ port } = await listeners.listenPlain('127.0.0.1', 0, (address) => address !== '127.0.0.1'));
    expect(await talk(head('GET /a'))).toMatch(/^(\(ECONNRESET\))?$/);
  });

  it('refuses connections over the limit', async () => {
    await listeners.close(0);
    listeners = new Listeners(server, { connections: 1 });
    ({ port } = await listeners.listenPlain('127.0.0.1', 0));
    const first = open();
    await new Promise((resolve) => first.once('connect', resolve));
    expect(await talk(head('GET /b'))).toMatch(/^(\(ECONNRESET\))?$/);
    first.write(head('GET /a', 'Connection: close'));
    expect(echoes(await answerOf(first))).toEqual(['GET /a ']);
  });
});

describe('closing', () => {
  it('S90 finishes what is under way, ends idle connections, takes no new one', async () => {
    const idle = open();
    const idleAnswer = answerOf(idle);
    idle.write(head('GET /idle'));
    const busy = open();
    const busyAnswer = answerOf(busy);
    busy.write(head('GET /slow'));
    await wait(50);
    const closed = listeners.close(2_000);
    expect(await talk(head('GET /new'))).toBe('(ECONNREFUSED)');
    expect(await busyAnswer).toMatch(/connection: close.*\[GET \/slow \]/is);
    expect(echoes(await idleAnswer)).toEqual(['GET /idle ']);
    await closed;
    expect(listeners.size).toBe(0);
  });

  it('S90 cuts off what does not finish in time', async () => {
    server.removeAllListeners('request');
    server.on('request', () => undefined);
    const hung = open();
    const answer = answerOf(hung);
    hung.write(head('GET /'));
    await wait(30);
    await listeners.close(50);
    expect(await answer).toBe('');
  });
});

describe('TLS', () => {
  it('S84 speaks TLS 1.2 and 1.3, nothing older', async () => {
    const { port: tlsPort } = await listeners.listenTls('127.0.0.1', 0, keys);
    const speak = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise<string | null>((resolve) => {
        const options = {
          host: '127.0.0.1',
          port: tlsPort,
          ca: keys.cert,
          minVersion: version,
          maxVersion: version,
        } as const;
        const socket = connectTls({ ...options, ciphers: 'DEFAULT@SECLEVEL=0' }, () => {
          resolve(socket.getProtocol());
          socket.destroy();
        });
        socket.on('error', () => resolve(null));
      });
    expect(await speak('TLSv1.1')).toBeNull();
    expect(await speak('TLSv1.2')).toBe('TLSv1.2');
    expect(await speak('TLSv1.3')).toBe('TLSv1.3');
  });

  it('offers http/1.1 only', async () => {
    const { port: tlsPort } = await listeners.listenTls('127.0.0.1', 0, keys);
    const agree = (...ALPNProtocols: string[]) =>
      new Promise<string | false | null>((resolve) => {
        const socket = connectTls({ host: '127.0.0.1', port: tlsPort, ca: keys.cert, ALPNProtocols }, () => {
          resolve(socket.alpnProtocol);
          socket.destroy();
        });
        socket.on('error', () => resolve(null));
      });
    expect(await agree('h2', 'http/1.1')).toBe('http/1.1');
    expect(await agree('h2')).toBeNull();
  });

  it('serves LIST over TLS, by name and by address', async () => {
    const { port: tlsPort } = await listeners.listenTls('127.0.0.1', 0, keys);
    const ask = (servername: string | undefined) =>
      new Promise<string>((resolve, reject) => {
        const socket = connectTls({ host: '127.0.0.1', port: tlsPort, ca: keys.cert, servername }, () =>
          socket.end(head('LIST /a', 'Connection: close')),
        );
        text(socket).then(resolve, reject);
      });
    expect(echoes(await ask('sallyport.test'))).toEqual(['LINK /a ']);
    expect(echoes(await ask('localhost'))).toEqual(['LINK /a ']);
    expect(echoes(await ask(undefined))).toEqual(['LINK /a ']);
  });

  it('serves an ordinary client with a body', async () => {
    const { port: tlsPort } = await listeners.listenTls('127.0.0.1', 0, keys);
    const answer = await new Promise<string>((resolve, reject) => {
      const options = {
        host: 'localhost',
        port: tlsPort,
        ca: keys.cert,
        method: 'POST',
        path: '/a',
        agent: false,
        family: 4,
      };
      const request = httpsRequest(options, (response) => void text(response).then(resolve, reject));
      request.on('error', reject);
      request.end('LIST me');
    });
    expect(answer).toBe('[POST /a LIST me]');
  });

  it('survives rubbish and plain HTTP on the TLS port', async () => {
    ({ port } = await listeners.listenTls('127.0.0.1', 0, keys));
    expect(await talk(head('GET /a'))).not.toContain('GET');
    expect(await talk('\x00\x01\x02')).not.toContain('GET');
  });
});
