/**
 * How the body after a request head is framed: its length in bytes (0: no body), `chunked`, or `odd` for anything this
 * reading does not fully understand (vault.md §2.1). Only used to find the next request; Node decides for itself.
 */
export function readHead(head: string): number | 'chunked' | 'odd' {
  const [requestLine = '', ...lines] = head.slice(0, -4).split('\r\n');
  if (!/^[A-Z-]+ [!-~]+ HTTP\/1\.[01]$/.test(requestLine) || requestLine.startsWith('CONNECT ')) return 'odd';
  let length: string | undefined;
  let coding: string | undefined;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).toLowerCase();
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name)) return 'odd';
    const value = line.slice(colon + 1).trim();
    if (name === 'upgrade') return 'odd';
    if (name === 'content-length') {
      if (length !== undefined) return 'odd';
      length = value;
    }
    if (name === 'transfer-encoding') {
      if (coding !== undefined) return 'odd';
      coding = value.toLowerCase();
    }
  }
  if (coding !== undefined) return length === undefined && coding === 'chunked' ? 'chunked' : 'odd';
  if (length === undefined) return 0;
  return /^\d{1,15}$/.test(length) ? Number(length) : 'odd';
}
