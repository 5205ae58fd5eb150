const BEARER = /^bearer +(\S+)$/i;

/** The token of one `Authorization` line, or null where it holds none (RFC 6750 §2.1). */
export function bearerIn(line: string): string | null {
  return BEARER.exec(line.trim())?.[1] ?? null;
}
