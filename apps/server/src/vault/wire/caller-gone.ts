import type { FastifyReply } from 'fastify';

/** Aborted when the caller hangs up before the answer has left: nobody waits any more. */
export function callerGone({ raw }: FastifyReply): AbortSignal {
  const gone = new AbortController();
  const { socket } = raw;
  const leave = () => gone.abort();
  // Who hangs up without a word is seen by the end of what it sends; the connection itself stays half open.
  socket?.once('end', leave);
  raw.once('close', () => {
    socket?.off('end', leave);
    if (!raw.writableFinished) leave();
  });
  return gone.signal;
}
