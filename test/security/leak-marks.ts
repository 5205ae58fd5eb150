/** What every planted secret holds. Of one case and letters and digits alone, so that no quoting cuts it in two. */
const MARK = 'q7velvetorbit93x';

let planted = 0;

/** A secret of a kind that is looked for afterwards; the kinds' lengths shift it through every alignment of an encoding. */
export function plant(kind: string): string {
  planted += 1;
  return `Planted-${kind}-${MARK}-${planted}`;
}

/** How bytes may stand in a text, all in lower case: plain, in hex as Postgres and Node print it, as numbers, in base64 and base32 at every alignment, and escaped. */
export function spellings(secret: string | Buffer): string[] {
  const bytes = Buffer.from(secret);
  const each = (write: (byte: number) => string, between = '') => [...bytes].map(write).join(between);
  const hex = (byte: number) => byte.toString(16).padStart(2, '0');
  const found = [
    typeof secret === 'string' ? secret : bytes.toString('hex'),
    bytes.toString('hex'),
    each(hex, ' '),
    each(String, ','),
    each((byte) => `%${hex(byte)}`),
    each((byte) => `\\u00${hex(byte)}`),
    ...[0, 1, 2].map((before) => inBase64(bytes, before)),
    ...[0, 1, 2].map((before) => inBase64(bytes, before).replaceAll('+', '-').replaceAll('/', '_')),
    ...[0, 1, 2, 3, 4].map((before) => inBase32(bytes, before)),
  ];
  return [...new Set(found.map((spelling) => spelling.toLowerCase()))];
}

const MARK_SPELLINGS = spellings(MARK);

/** The part of the encoding that other bytes before and after do not change. */
function inBase64(bytes: Buffer, before: number): string {
  const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
  return text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
}

function inBase32(bytes: Buffer, before: number): string {
  const bits = Array.from(Buffer.concat([Buffer.alloc(before), bytes]), (byte) =>
    byte.toString(2).padStart(8, '0'),
  );
  const groups = bits.join('').match(/.{5}/g) ?? [];
  const text = groups.map((group) => 'abcdefghijklmnopqrstuvwxyz234567'[Number.parseInt(group, 2)]).join('');
  return text.slice(Math.ceil((before * 8) / 5));
}

/** Where a planted secret stands in the text, with what is around it; nowhere: empty. */
export function leaksIn(text: string): string[] {
  return placesOf(MARK_SPELLINGS, text.toLowerCase());
}

/** Where secrets the server made stand in the text. @param secrets what each is, with its value */
export function madeLeaksIn(text: string, secrets: ReadonlyMap<string | Buffer, string>): string[] {
  const searched = text.toLowerCase();
  return [...secrets].flatMap(([secret, what]) =>
    placesOf(spellings(secret), searched).map((place) => `${what}: ${place}`),
  );
}

function placesOf(sought: string[], searched: string): string[] {
  return sought.flatMap((spelling) => {
    const at = searched.indexOf(spelling);
    return at < 0 ? [] : [searched.slice(Math.max(0, at - 160), at + 80)];
  });
}
