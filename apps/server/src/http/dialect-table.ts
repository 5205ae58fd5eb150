import type { IncomingMessage } from 'node:http';
import { DomainError } from '@sallyport/platform';
import type { Dialect } from './dialect.js';
import { urlPath } from './url-path.js';

/** What is known of a request before routing. */
interface Reading {
  dialect: Dialect;
  isList: boolean;
  /** Why the dialect could not read the request line. */
  refusal?: unknown;
}

/** Kept with the request: a WeakMap of what lives so briefly is dear to collect (docs/benchmarks.md). */
const READING = Symbol('reading');

declare module 'node:http' {
  interface IncomingMessage {
    [READING]?: Reading;
  }
}

/** Which dialect a path belongs to. Filled once, when the application's providers exist. */
export class DialectTable {
  private dialects: Dialect[] = [];

  /** @throws Error without an ops dialect, which takes every path that belongs to no other. */
  fill(dialects: Dialect[]): void {
    if (!dialects.some(({ name }) => name === 'ops')) throw new Error('No ops dialect among the dialects.');
    this.dialects = dialects;
  }

  /** The dialect of a path or URL without scheme. */
  of(url: string): Dialect {
    const path = urlPath(url);
    const owner = this.dialects.find(
      ({ name, prefix }) => name !== 'ops' && (path === prefix || path.startsWith(`${prefix}/`)),
    );
    return owner ?? this.dialects.find(({ name }) => name === 'ops')!;
  }

  /** Reads a request line once and answers the URL to route by. Never throws: a refusal is kept. */
  read(raw: IncomingMessage): string {
    // Only a dialect's own list operation is called SEARCH further in.
    if (raw.method === 'SEARCH') raw.method = 'LOCK';
    const url = withoutFragment(originForm(raw.url ?? '/'));
    raw.url = url;
    const reading: Reading = { dialect: this.of(url), isList: false };
    raw[READING] = reading;
    try {
      const routed = reading.dialect.rewrite?.(raw) ?? url;
      reading.isList = raw.method === 'SEARCH';
      return routed;
    } catch (error) {
      reading.refusal = error;
      return url;
    }
  }

  reading(raw: IncomingMessage): Reading {
    const known = raw[READING];
    if (known !== undefined) return known;
    throw new DomainError('internal', 'request-not-read', 'The request did not come through the server.');
  }
}

/** `http://host/path` is `/path` (RFC 9112 §3.2.2). */
function originForm(target: string): string {
  const absolute = /^https?:\/\/[^/?#]*/i.exec(target);
  if (absolute === null) return target;
  const rest = target.slice(absolute[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/**
 * A target has no fragment (RFC 9112 §3.2). The router ends the path at a `#`: were it left in, what is judged would not be what is
 * routed.
 */
function withoutFragment(target: string): string {
  return target.split('#', 1)[0] || '/';
}
