import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RadiusResponder } from '../../../../test/support/radius-responder.js';
import { accessRequest } from './access-request.js';
import { exchange } from './exchange.js';

const SECRET = Buffer.from('shared');
const question = {
  username: 'ada',
  credential: 'code',
  protocol: 'PAP',
  state: null,
  nasIdentifier: 'here',
} as const;

describe('an exchange', () => {
  let radius: RadiusResponder;

  beforeAll(async () => {
    radius = await RadiusResponder.start('shared');
  });
  afterAll(() => radius.close());

  const ask = (withinMs: number, address = '127.0.0.1') =>
    exchange(
      { address, family: address.includes(':') ? 6 : 4, port: radius.port },
      accessRequest(question, SECRET),
      SECRET,
      withinMs,
    );

  it('ends with the first answer that proves itself', async () => {
    radius.answering(() => [
      { code: 'accept', spoiled: 'secret' },
      { code: 'challenge', messages: ['x'], state: 's', delayMs: 20 },
      { code: 'accept', delayMs: 60 },
    ]);
    expect(await ask(2_000)).toEqual({ kind: 'challenged', message: 'x', state: Buffer.from('s') });
  });

  it('repeats one packet with growing pauses until its time is over', async () => {
    radius.answering(() => null);
    expect(await ask(600)).toBeNull();
    expect(radius.asked.length).toBe(2);
    expect(new Set(radius.asked.map(({ bytes }) => bytes)).size).toBe(1);
  });

  it('hears no answer of the exchange before', async () => {
    radius.answering(() => ({ code: 'accept', delayMs: 150 }));
    expect(await ask(100)).toBeNull();
    radius.answering(() => null);
    expect(await ask(300)).toBeNull();
  });

  it.each(['255.255.255.255', '2001:db8::1', '127.0.0.2'])(
    'is silence where the network refuses, as it may for %s',
    async (address) => {
      expect(await ask(100, address)).toBeNull();
    },
  );

  it('is silence where no time is left', async () => {
    radius.answering(() => ({ code: 'accept' }));
    await Promise.all(Array.from({ length: 20 }, () => ask(0)));
  });
});
