import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RequestFraming, type Phase } from './request-framing.js';

const HOST = 'Host: a\r\n';

function run(chunks: string[]): { out: string; phase: Phase } {
  const framing = new RequestFraming(16 * 1024);
  const out = chunks.map((chunk) => framing.feed(Buffer.from(chunk, 'latin1')).toString('latin1')).join('');
  return { out: out + framing.flush().toString('latin1'), phase: framing.phase };
}

function rewritten(text: string): string {
  return run([text]).out;
}

describe('RequestFraming', () => {
  it('turns LIST into LINK and a genuine LINK into LOCK', () => {
    expect(rewritten(`LIST /v1/a HTTP/1.1\r\n${HOST}\r\n`)).toBe(`LINK /v1/a HTTP/1.1\r\n${HOST}\r\n`);
    expect(rewritten(`LINK /v1/a HTTP/1.1\r\n${HOST}\r\n`)).toBe(`LOCK /v1/a HTTP/1.1\r\n${HOST}\r\n`);
  });

  it('leaves verbs that only begin alike', () => {
    for (const verb of ['LISTEN', 'LINKS', 'LIS', 'L', 'list', 'GET'])
      expect(rewritten(`${verb} / HTTP/1.1\r\n${HOST}\r\n`)).toBe(`${verb} / HTTP/1.1\r\n${HOST}\r\n`);
  });

  it('rewrites at every request start of a connection, after leading line ends too', () => {
    const list = `LIST / HTTP/1.1\r\n${HOST}\r\n`;
    const post = `POST / HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nLIST `;
    expect(rewritten(`\r\n${list}\r\n${post}${list}`)).toBe(
      `\r\n${list.replace('LIST', 'LINK')}\r\n${post}${list.replace('LIST', 'LINK')}`,
    );
  });

  it('S82 never touches a body, whether counted or chunked', () => {
    const counted = `POST / HTTP/1.1\r\n${HOST}Content-Length: 12\r\n\r\nLIST / LINK `;
    const chunked = `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n5\r\nLIST \r\nA\r\n\r\nLINK / X\r\n0\r\nX-T: LIST \r\n\r\n`;
    expect(rewritten(counted + chunked + counted)).toBe(counted + chunked + counted);
    expect(run([counted + chunked]).phase).toBe('idle');
  });

  it('S82 gives the same bytes however the input is cut', () => {
    const input = [
      `LIST /a HTTP/1.1\r\n${HOST}\r\n`,
      `POST /b HTTP/1.1\r\n${HOST}Content-Length: 10\r\n\r\nLIST LINK `,
      `\r\nLINK /c HTTP/1.1\r\n${HOST}\r\n`,
      `PUT /d HTTP/1.1\r\n${HOST}transfer-encoding: Chunked\r\n\r\n0b\r\nLIST / HTTP\r\n0\r\n\r\n`,
      `LIST /e HTTP/1.1\r\n${HOST}\r\n`,
    ].join('');
    const whole = rewritten(input);
    expect(whole.match(/LINK \/[ae]|LOCK \/c/g)).toHaveLength(3);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        const chunks: string[] = [];
        for (let at = 0, turn = 0; at < input.length; turn += 1) {
          const size = sizes[turn % sizes.length]!;
          chunks.push(input.slice(at, at + size));
          at += size;
        }
        expect(run(chunks).out).toBe(whole);
      }),
    );
  });

  it('S82 adds and drops no byte whatever comes in', () => {
    const piece = fc.oneof(
      fc.constantFrom(
        'LIST ',
        'LINK ',
        '/ HTTP/1.1\r\n',
        '\r\n',
        '\r\n\r\n',
        'Content-Length: 3\r\n',
        'Transfer-Encoding: chunked\r\n',
        '3\r\n',
        '0\r\n',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 8 }),
    );
    fc.assert(
      fc.property(
        fc.array(
          fc.array(piece, { maxLength: 12 }).map((parts) => parts.join('')),
          { maxLength: 8 },
        ),
        (chunks) => {
          expect(run(chunks).out).toHaveLength(chunks.join('').length);
        },
      ),
      { numRuns: 500 },
    );
  });

  it.each([
    [
      'both length and transfer-encoding',
      `POST / HTTP/1.1\r\n${HOST}Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    ['two lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 0\r\nContent-Length: 0\r\n\r\n`],
    ['a length that is no number', `POST / HTTP/1.1\r\n${HOST}Content-Length: +0\r\n\r\n`],
    ['another coding', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: gzip, chunked\r\n\r\n`],
    [
      'two codings',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
    ],
    [
      'a chunk size that does not parse',
      `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n`,
    ],
    ['Upgrade', `GET / HTTP/1.1\r\n${HOST}Upgrade: websocket\r\n\r\n`],
    ['CONNECT', `CONNECT a:1 HTTP/1.1\r\n${HOST}\r\n`],
    ['a folded header', `GET / HTTP/1.1\r\n${HOST} folded\r\n\r\n`],
    ['a blank before the colon', `GET / HTTP/1.1\r\nContent-Length : 0\r\n\r\n`],
    ['a bare LF', `GET / HTTP/1.1\n\n`],
    ['a bare CR', `GET / HTTP/1.1\rX: y\r\n\r\n`],
    ['another version', `GET / HTTP/2.0\r\n\r\n`],
    ['a head over 16 KiB', `GET / HTTP/1.1\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`],
  ])('S82 passes everything through for good after %s', (_what, odd) => {
    const tail = `LIST / HTTP/1.1\r\n${HOST}\r\n`;
    expect(run([odd, tail])).toEqual({ out: odd + tail, phase: 'pass-through' });
  });

  it('reads the request line before the head is complete', () => {
    const framing = new RequestFraming(16 * 1024);
    framing.feed(Buffer.from('BREW /v1/pot?x=1 HTTP/1.1\r\nHo'));
    expect(framing.requestLine()).toEqual({ verb: 'BREW', target: '/v1/pot?x=1' });
  });

  it('S86 stays fast on the longest heads', () => {
    const started = performance.now();
    for (const filler of [' ', '\t', ':', 'a', '\r', ';'])
      run([`GET / HTTP/1.1\r\nX: a${filler.repeat(16_000)}b\r\n\r\n`]);
    expect(performance.now() - started).toBeLessThan(200);
  });
});
