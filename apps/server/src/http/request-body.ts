import type { IncomingMessage, ServerResponse } from 'node:http';
import { DomainError } from '@sallyport/platform';

const CONTINUE_AWAITED = new WeakSet<IncomingMessage>();

/** Notes that the client waits for `100 Continue`, which it gets only when its body is wanted. */
export function awaitContinue(raw: IncomingMessage): void {
  CONTINUE_AWAITED.add(raw);
}

/**
 * Reads the whole body.
 * @param limit bytes. @throws DomainError `too-large` over it, `malformed` when the body breaks off.
 */
export async function readBody(
  raw: IncomingMessage,
  response: ServerResponse,
  limit: number,
): Promise<Buffer> {
  if (declaredLength(raw) > limit) throw tooLarge();
  if (CONTINUE_AWAITED.delete(raw)) response.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (act: () => void): void => {
      raw.off('data', take).off('end', end).off('error', breakOff).off('close', breakOff);
      act();
    };
    const take = (chunk: Buffer): void => {
      length += chunk.length;
      if (length <= limit) return void chunks.push(chunk);
      raw.pause();
      settle(() => reject(tooLarge()));
    };
    const end = (): void => settle(() => resolve(Buffer.concat(chunks, length)));
    const breakOff = (): void =>
      settle(() => reject(new DomainError('malformed', 'body-broken-off', 'The request body broke off.')));
    if (raw.destroyed) return breakOff();
    raw.on('data', take).on('end', end).on('error', breakOff).on('close', breakOff);
  });
}

/**
 * Whether an answer given now leaves body bytes unread that are not worth reading: the connection is closed then, so
 * that they cannot be taken for the next request. A small declared rest is read away and the connection kept.
 */
export function leavesBodyUnread(raw: IncomingMessage, worthReading: number): boolean {
  if (raw.complete) return false;
  if (CONTINUE_AWAITED.has(raw) || raw.headers['transfer-encoding'] !== undefined) return true;
  return declaredLength(raw) > worthReading;
}

function declaredLength(raw: IncomingMessage): number {
  return Number(raw.headers['content-length'] ?? 0);
}

function tooLarge(): DomainError {
  return new DomainError('too-large', 'body-too-large', 'The request body is too large.');
}
