import { Logger } from '@nestjs/common';
import {
  HostResolver,
  Outgoing,
  OUTGOING_ANSWER_BYTES,
  OUTGOING_CALL_MS,
  OutgoingHttp,
  readConfig,
} from '@sallyport/platform';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { SILENCE, VendorServer } from '../support/vendor-server.js';
import { makeKeys } from '../support/vendor-tls.js';

/** The outside: a name server whose answers the test sets, one after the other, the last one again and again. */
class PlantedResolver extends HostResolver {
  asked: string[] = [];

  constructor(readonly names: Record<string, string[][]>) {
    super();
  }

  override async addressesOf(name: string): Promise<string[]> {
    this.asked.push(name);
    const answers = this.names[name];
    if (answers === undefined) throw new Error('ENOTFOUND');
    return answers.length > 1 ? answers.shift()! : answers[0]!;
  }
}

let vendor: VendorServer;
let resolver: PlantedResolver;

/** Calls out under this allow list. */
function caller(allow: string, names: Record<string, string[][]> = {}): OutgoingHttp {
  resolver = new PlantedResolver(names);
  const config = readConfig({ SALLYPORT_OUTGOING_ALLOW: allow.replaceAll('PORT', String(vendor.port)) });
  return new OutgoingHttp(new Outgoing(config, resolver));
}

function get(http: OutgoingHttp, url: string, withinMs?: number) {
  return http.call({
    method: 'GET',
    url: url.replace('PORT', String(vendor.port)),
    withinMs: withinMs ?? 2_000,
  });
}

beforeAll(async () => {
  Logger.overrideLogger(false);
  vendor = await VendorServer.start(['vendor.test', '127.0.0.1']);
});
afterAll(() => vendor.close());
beforeEach(() => {
  vendor.calls.length = 0;
  vendor.abandoned = 0;
  vendor.answer = () => ({ text: 'said' });
});

describe('S87 an outgoing call', () => {
  it('reaches the listed host, port and scheme, under the name that was asked for', async () => {
    const http = caller('https://vendor.test:PORT,https://127.0.0.1:PORT', {
      'vendor.test': [['127.0.0.1']],
    });
    expect(await get(http, 'https://vendor.test:PORT/a/b?c=d')).toEqual({ status: 200, text: 'said' });
    expect(vendor.calls[0]).toMatchObject({
      target: '/a/b?c=d',
      headers: { host: `vendor.test:${vendor.port}` },
    });
  });

  it.each([
    'https://127.0.0.1:PORT/',
    'https://localhost:PORT/',
    'https://169.254.169.254/latest/meta-data/',
    'https://169.254.169.254:PORT/',
    'https://[::1]:PORT/',
    'https://[::ffff:127.0.0.1]:PORT/',
    'https://[::ffff:7f00:1]:PORT/',
    'https://[fe80::1]:PORT/',
    'https://2130706433:PORT/',
    'https://0x7f000001:PORT/',
    'https://0177.0.0.1:PORT/',
    'https://127.1:PORT/',
    'https://0.0.0.0:PORT/',
    'https://vendor.test:1/',
    'https://other.vendor.test:PORT/',
    'https://vendor.test.:PORT/',
    'http://vendor.test:PORT/',
    'file:///etc/passwd',
    'ftp://vendor.test:PORT/',
    'radius://vendor.test:PORT/',
    'https://vendor.test:PORT@127.0.0.1:PORT/',
    'https://user:word@vendor.test:PORT/',
    'https://user@vendor.test:PORT/',
    'https://127.0.0.1:PORT#@vendor.test:PORT/',
    'https://127.0.0.1:PORT\\@vendor.test:PORT/',
    'https:vendor.test:PORT/',
    '//vendor.test:PORT/',
    'https://vendor.test:PORT/a\r\nX-Injected: yes',
    'https://vendor.test:PORT/a b',
    'https://vendor.test:99999/',
    'https://',
    '',
  ])('does not go to %j where https://vendor.test alone is listed', async (url) => {
    const http = caller('https://vendor.test:PORT', {
      'vendor.test': [['127.0.0.1']],
      localhost: [['127.0.0.1']],
    });
    expect(await get(http, url)).toBeNull();
    expect(vendor.calls).toEqual([]);
  });

  it.each([
    'https://2130706433:PORT/',
    'https://0x7f.1:PORT/',
    'https://x@127.0.0.1:PORT/',
    'http://127.0.0.1:PORT/',
  ])('does not take %j for the address that is listed', async (url) => {
    expect(await get(caller('https://127.0.0.1:PORT'), url)).toBeNull();
    expect(vendor.calls).toEqual([]);
  });

  it.each([
    '127.0.0.1',
    '::1',
    '::ffff:127.0.0.1',
    '169.254.169.254',
    'fe80::1',
    'fd00:ec2::254',
    '100.100.100.200',
  ])('does not follow a listed name to %s, which has no entry of its own', async (address) => {
    expect(
      await get(
        caller('https://vendor.test:PORT', { 'vendor.test': [[address]] }),
        'https://vendor.test:PORT/',
      ),
    ).toBeNull();
    expect(vendor.calls).toEqual([]);
  });

  it('asks for the name once and goes to the address that was checked, whatever the name server says later', async () => {
    const names = { 'vendor.test': [['127.0.0.1'], ['169.254.169.254']] };
    const http = caller('https://vendor.test:PORT,https://127.0.0.1:PORT', names);
    expect(await get(http, 'https://vendor.test:PORT/')).toEqual({ status: 200, text: 'said' });
    expect(resolver.asked).toEqual(['vendor.test']);
    expect(await get(http, 'https://vendor.test:PORT/')).toBeNull();
    expect(vendor.calls.length).toBe(1);
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect inward (%i)', async (status) => {
    vendor.answer = () => ({ status, headers: { Location: `https://127.0.0.1:${vendor.port}/inner` } });
    const http = caller('https://127.0.0.1:PORT');
    expect(await get(http, 'https://127.0.0.1:PORT/outer')).toEqual({ status, text: '' });
    expect(vendor.calls.map(({ path }) => path)).toEqual(['/outer']);
  });

  it('takes an answer of 64 KiB, and hangs up on one byte more', async () => {
    const http = caller('https://127.0.0.1:PORT');
    vendor.answer = () => ({ text: 'x'.repeat(OUTGOING_ANSWER_BYTES) });
    expect((await get(http, 'https://127.0.0.1:PORT/'))?.text.length).toBe(65_536);
    vendor.answer = () => ({ text: 'x'.repeat(OUTGOING_ANSWER_BYTES + 1) });
    expect(await get(http, 'https://127.0.0.1:PORT/')).toBeNull();
  });

  it('hangs up on an answer that never ends', async () => {
    vendor.answer = () => ({ broken: 'endless' });
    const start = performance.now();
    expect(await get(caller('https://127.0.0.1:PORT'), 'https://127.0.0.1:PORT/')).toBeNull();
    expect(performance.now() - start).toBeLessThan(1_500);
    await expect.poll(() => vendor.abandoned).toBe(1);
  });

  it('takes no answer that breaks off', async () => {
    vendor.answer = () => ({ text: 'said', broken: 'cut' });
    expect(await get(caller('https://127.0.0.1:PORT'), 'https://127.0.0.1:PORT/')).toBeNull();
  });

  it('waits 5 seconds for everything together, and not longer', async () => {
    expect(OUTGOING_CALL_MS).toBe(5_000);
    vendor.answer = () => SILENCE;
    const start = performance.now();
    expect(await get(caller('https://127.0.0.1:PORT'), 'https://127.0.0.1:PORT/', 300)).toBeNull();
    expect(performance.now() - start).toBeLessThan(1_500);
    await expect.poll(() => vendor.abandoned).toBe(1);
  });

  it('ends with whoever waits for it', async () => {
    vendor.answer = () => SILENCE;
    const stop = new AbortController();
    const url = `https://127.0.0.1:${vendor.port}/`;
    const call = caller('https://127.0.0.1:PORT').call({ method: 'GET', url, signal: stop.signal });
    await expect.poll(() => vendor.calls.length, { interval: 5 }).toBe(1);
    stop.abort();
    expect(await call).toBeNull();
    await expect.poll(() => vendor.abandoned).toBe(1);
  });

  it('believes a certificate for another name, or of nobody known, as little as no answer', async () => {
    const http = caller('https://wrong.test:PORT,https://127.0.0.1:PORT', { 'wrong.test': [['127.0.0.1']] });
    expect(await get(http, 'https://wrong.test:PORT/')).toBeNull();
    const stranger = await VendorServer.start([], await makeKeys(['127.0.0.1']));
    const config = readConfig({ SALLYPORT_OUTGOING_ALLOW: `https://127.0.0.1:${stranger.port}` });
    const toStranger = new OutgoingHttp(new Outgoing(config, new HostResolver()));
    expect(await toStranger.call({ method: 'GET', url: `https://127.0.0.1:${stranger.port}/` })).toBeNull();
    expect([vendor.calls, stranger.calls]).toEqual([[], []]);
    stranger.close();
  });

  it('goes through no proxy of the environment', async () => {
    process.env['HTTPS_PROXY'] = process.env['https_proxy'] = 'http://127.0.0.1:1';
    expect(await get(caller('https://127.0.0.1:PORT'), 'https://127.0.0.1:PORT/')).toEqual({
      status: 200,
      text: 'said',
    });
    delete process.env['HTTPS_PROXY'];
    delete process.env['https_proxy'];
  });
});
