/** Stands for nothing: a header that is empty or missing lets some proxies pass on what a client sent under its name. */
const NOTHING = '-';

/**
 * A text as the value of a header: visible ASCII as it is, every other byte of its UTF-8, and `%`, as `%XX`. No line end, no blank and no
 * comma of a list can come from a name; `decodeURIComponent` gives the text back. A text that is `-` itself becomes `%2D`.
 */
export function headerText(text: string | null): string {
  if (text === null || text === '') return NOTHING;
  return text === NOTHING ? '%2D' : escaped(text, /[!-$&-~]/);
}

/** Several texts, separated by commas; what is a comma in one of them is `%2C`. */
export function headerList(texts: readonly string[]): string {
  if (texts.length === 0) return NOTHING;
  return texts.map((text) => (text === NOTHING ? '%2D' : escaped(text, /[!-$&-+\--~]/))).join(',');
}

/** A text as one token of `scope` (RFC 6749 §3.3). */
export function scopeToken(text: string): string {
  return escaped(text, /[!#$&-[\]-~]/);
}

function escaped(text: string, plain: RegExp): string {
  return [...Buffer.from(text)]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return byte < 0x80 && plain.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
}
