/** The scheme in any case, once or, as the Terraform provider sends it, twice (appgate.md §1.1). */
const BEARER = /^bearer +(?:bearer +)?(\S+)$/i;

/** The token of an `Authorization` header, or null where it holds none. */
export function bearerToken(header: string | undefined): string | null {
  return BEARER.exec((header ?? '').trim())?.[1] ?? null;
}
