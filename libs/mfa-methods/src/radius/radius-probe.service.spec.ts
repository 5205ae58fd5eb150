import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, startCore } from '../../../../test/support/core.js';
import { RadiusResponder } from '../../../../test/support/radius-responder.js';
import { type RadiusProbe, RadiusProbeService } from './radius-probe.service.js';

const TIMED_OUT = { ok: false, message: 'Connection timed out.' };

describe('a probe', () => {
  let radius: RadiusResponder;
  let core: Core;

  beforeAll(async () => {
    radius = await RadiusResponder.start('shared');
    core = await startCore({ settings: { SALLYPORT_OUTGOING_ALLOW: `radius://127.0.0.1:${radius.port}` } });
  });
  afterAll(async () => {
    await core.stop();
    radius.close();
  });
  beforeEach(() => radius.answering(() => ({ code: 'reject' })));

  function probe(values: Partial<RadiusProbe> = {}) {
    const whole = {
      hostnames: ['127.0.0.1'],
      port: radius.port,
      sharedSecret: 'shared',
      authenticationProtocol: 'PAP',
      timeout: 1,
      ...values,
    } as const;
    return core.get(RadiusProbeService).probe(whole);
  }

  it.each(['accept', 'reject', 'challenge'] as const)('succeeds with any answer, %s too', async (code) => {
    radius.answering(() => ({ code, messages: ['not for you'] }));
    expect(await probe()).toEqual({ ok: true });
    expect(radius.last).toMatchObject({ username: 'sallyport-test', signedFirst: true });
  });

  it('succeeds where one of several hosts answers', async () => {
    expect(await probe({ hostnames: ['192.0.2.1', '127.0.0.1'] })).toEqual({ ok: true });
  });

  it('S87 asks nobody who is not on the allow list, and tells no more than of a silent one', async () => {
    for (const host of ['localhost', '::1', '169.254.169.254', '2130706433', 'x@127.0.0.1'])
      expect([host, await probe({ hostnames: [host] })]).toEqual([host, TIMED_OUT]);
    expect(await probe({ port: radius.port === 1 ? 2 : radius.port - 1 })).toEqual(TIMED_OUT);
    expect(radius.asked).toEqual([]);
  });

  it('times out where nothing comes, or nothing that proves itself', async () => {
    radius.answering(() => null);
    expect(await probe()).toEqual(TIMED_OUT);
    radius.answering(() => ({ code: 'reject', spoiled: 'no-message-authenticator' }));
    expect(await probe()).toEqual(TIMED_OUT);
    expect(await probe({ sharedSecret: 'another' })).toEqual(TIMED_OUT);
    expect(await probe({ hostnames: [] })).toEqual(TIMED_OUT);
  });
});
