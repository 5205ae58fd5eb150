import type { IncomingMessage } from 'node:http';
import { refuse } from './vault-error.js';

const TRUE = new Set(['1', 't', 'T', 'TRUE', 'true', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'FALSE', 'false', 'False', '']);

/** The verb every list operation has inside the server: one Node's parser knows, and none from outside arrives as it. */
export const LIST_METHOD = 'SEARCH';

/**
 * Brings a `/v1` request to its one inner spelling (§2.1, §2.2): PUT is POST, LIST (on the socket `LINK`) and GET with a
 * true `list` parameter are SEARCH, `//` and one trailing `/` go, those inside a policy's name are encoded. A `list` value that is neither true nor false is 400.
 */
export function rewriteUrl(raw: Pick<IncomingMessage, 'method' | 'url'>): string {
  const [path, query] = splitUrl(raw.url ?? '/');
  const list = readList(query);
  if (raw.method === 'GET' && !list.readable) throw refuse(400);

  if (raw.method === 'PUT') raw.method = 'POST';
  if (raw.method === 'LINK' || (raw.method === 'GET' && list.wanted)) raw.method = LIST_METHOD;

  const plain = path.replace(/\/{2,}/g, '/');
  const routed = plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain;
  const whole = routed.replace(POLICY, (_, room: string, name: string) => room + name.replaceAll('/', '%2F'));
  return list.rest === '' ? whole : `${whole}?${list.rest}`;
}

/** Where all that follows is one name. */
const POLICY = /^(\/v1\/sys\/(?:policies\/acl|policy)\/)(.+)$/;

/** The path as policies name it: no `/v1/`, percent-decoded once, a list path with one trailing `/` (§2.2, §12). */
export function policyPath(url: string, isList: boolean): string {
  const [path] = splitUrl(url);
  const inner = decodePath(path.replace(/^\/v1\/?/, ''));
  return isList && !inner.endsWith('/') ? `${inner}/` : inner;
}

function decodePath(path: string): string {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return path; // the router refuses such a path before anything is decided by it
  }
}

function splitUrl(url: string): [path: string, query: string] {
  const mark = url.indexOf('?');
  return mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)];
}

function readList(query: string): { readable: boolean; wanted: boolean; rest: string } {
  if (!query.includes('list')) return { readable: true, wanted: false, rest: query };
  const pairs = query.split('&');
  const lists = pairs.filter((pair) => /^list(=|$)/.test(pair)).map((pair) => decodePath(pair.slice(5)));
  const value = lists[0] ?? '';
  return {
    readable: lists.length < 2 && (TRUE.has(value) || FALSE.has(value)),
    wanted: TRUE.has(value),
    rest: pairs.filter((pair) => !/^list(=|$)/.test(pair)).join('&'),
  };
}
