import { createSocket } from 'node:dgram';
import type { OutgoingTarget } from '@sallyport/platform';
import type { AccessRequest } from './access-request.js';
import { type RadiusAnswer, readAnswer } from './radius-answer.js';

/** Milliseconds before the first repetition; each later pause is twice as long (RFC 5080 §2.2.1). */
const FIRST_PAUSE = 2_000;

/**
 * Sends a request and waits for an answer that proves itself. The same packet is sent again until then, so that the server knows it
 * for the same question. The socket takes datagrams from this one address and port only; a refusal of the network is no answer.
 * @param withinMs milliseconds until silence is what it is.
 * @returns null for silence.
 */
export function exchange(
  { address, family, port }: OutgoingTarget,
  request: AccessRequest,
  secret: Buffer,
  withinMs: number,
): Promise<RadiusAnswer | null> {
  const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
  let again: NodeJS.Timeout | undefined;
  let deadline: NodeJS.Timeout | undefined;
  let over = false;
  const answered = new Promise<RadiusAnswer | null>((resolve) => {
    deadline = setTimeout(() => resolve(null), withinMs);
    const send = (pause: number) => {
      if (over) return;
      socket.send(request.bytes, () => undefined);
      again = setTimeout(() => send(pause * 2), pause);
    };
    socket.on('error', () => undefined);
    socket.on('message', (datagram) => {
      const answer = readAnswer(datagram, request, secret);
      if (answer !== null) resolve(answer);
    });
    socket.once('connect', () => send(Math.min(FIRST_PAUSE, withinMs / 3)));
    socket.connect(port, address);
  });
  return answered.finally(() => {
    over = true;
    clearTimeout(again);
    clearTimeout(deadline);
    socket.close();
  });
}
