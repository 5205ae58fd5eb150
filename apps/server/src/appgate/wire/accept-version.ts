import { DomainError } from '@sallyport/platform';

/** The peer versions we answer; all get the same superset answer (appgate.md §1.2). */
export const LOWEST_VERSION = 17;
export const CURRENT_VERSION = 23;

const PEER_VERSION = /^application\/vnd\.appgate\.peer-v(1[7-9]|2[0-3])\+json$/i;
const LONGEST_ECHO = 200;

/**
 * The highest peer version a header accepts, 17 to 23. Parameters after `;` are ignored (appgate.md §1.2).
 * @throws DomainError `not-acceptable`, with the header in `details.received`, when no element is acceptable.
 */
export function acceptedVersion(header: string | undefined): number {
  const versions = (header ?? '').split(',').flatMap((element) => {
    const match = PEER_VERSION.exec((element.split(';')[0] ?? '').trim());
    return match ? [Number(match[1])] : [];
  });
  if (versions.length > 0) return Math.max(...versions);
  throw new DomainError('not-acceptable', 'accept-header', 'The Accept header names no version we speak.', {
    received: header,
  });
}

/** The text of the 406, in which the header stands as sent, cut to 200 printable characters, or `none`. */
export function notAcceptableMessage(received: unknown): string {
  const printable =
    typeof received === 'string' ? received.replace(/[^\x20-\x7e]/g, '').slice(0, LONGEST_ECHO) : '';
  return (
    `Invalid 'Accept' header. Current version: application/vnd.appgate.peer-v${CURRENT_VERSION}+json, ` +
    `Received: ${printable || 'none'}`
  );
}
