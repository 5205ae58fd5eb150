/** A text as Postgres can keep it, as `text` and in `jsonb`: it holds neither NUL nor a lone surrogate. */
export function storableText(text: string): string {
  return text.replace(/\u0000|\p{Cs}/gu, '\uFFFD');
}
