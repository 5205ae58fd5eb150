import type { Answer } from './send.js';

const BODIES = [
  { id: 'service unavailable', message: 'The service is not available.' },
  { errors: ['service unavailable'] },
];

/** Whether this is a dialect's 503, exactly, that says when to come again (S91). */
export function isUnavailable({ status, headers, text }: Answer): boolean {
  return (
    status === 503 &&
    /^[1-9]\d*$/.test(headers['retry-after'] ?? '') &&
    BODIES.some((body) => JSON.stringify(body) === text)
  );
}
