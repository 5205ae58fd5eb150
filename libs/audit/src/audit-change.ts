import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';

/** What stands in an event for a secret: that there is one, and nothing that would tell two of them apart. */
const SET = 'set';
/** The same, where it is another one than before. */
const CHANGED = 'changed';
/** In a name of a field, whatever dialect or table it is of: what it holds is never written down. */
const SECRET =
  /(password|passwd|passphrase|passcode|secret|seed|hash|sealed|bearer|(?<!public[_-]?)keys?$|tokens?$|credentials?$|^(pin|otp)$)/i;
/** In a text, whatever field holds it, as notes, metadata and scripts may: private keys, seeds, tokens of `/v1`, passwords in URLs. */
const SECRET_TEXT =
  /-----BEGIN [A-Z0-9 ]*PRIVATE KEY|otpauth:\/\/|\bhv[sbr]\.[\w-]{16}|[a-z]:\/\/[^\s/@:]*:[^\s/@]+@/i;
/** These tell of secrets and are none: how long one must be, or that one is asked for. */
const OPEN = /^(minPasswordLength|blockCommonPasswords|credentialVersion|passwordStoppedAt)$/;
/** What every object has and no act decides. */
const MANAGED: readonly string[] = ['id', 'nameCanonical', 'providerNameCanonical', 'createdAt', 'updatedAt'];

/** Characters of one text, entries of one list, and characters of a whole side: an event is a record and no copy of the table. */
const LONGEST_TEXT = 1_000;
const LONGEST_LIST = 100;
const LARGEST = 16_000;

/** The object of an act as it was and as it is, null where it was not or is no more. */
export interface ObjectChange {
  before: object | null;
  after: object | null;
}

/**
 * What an act changed, as its event keeps it (S73): of a new object and of one that goes all fields, of a changed one those that differ.
 * A secret is a mark, by the name of its field, by how it looks or because it is bytes; long texts are cut and keep a SHA-256 of the whole.
 */
export function keptChange({ before, after }: ObjectChange): Record<'before' | 'after', unknown> {
  const [was, is] = [fieldsOf(before), fieldsOf(after)];
  const names = Object.keys({ ...was, ...is }).filter(
    (name) => was === null || is === null || !isDeepStrictEqual(plain(was[name]), plain(is[name])),
  );
  const side = (fields: Record<string, unknown> | null, markOf: (name: string) => string) =>
    fields &&
    capped(
      names.flatMap((name) =>
        fields[name] === undefined ? [] : [[name, kept(name, fields[name], markOf(name))] as const],
      ),
    );
  return {
    before: side(was, () => SET),
    after: side(is, (name) => (was === null || was[name] === null ? SET : CHANGED)),
  };
}

function fieldsOf(object: object | null): Record<string, unknown> | null {
  return object && Object.fromEntries(Object.entries(object).filter(([name]) => !MANAGED.includes(name)));
}

function kept(name: string, value: unknown, mark: string): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Uint8Array || (SECRET.test(name) && !OPEN.test(name) && typeof value !== 'boolean'))
    return mark;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') return SECRET_TEXT.test(value) ? mark : shortened(value);
  if (Array.isArray(value)) {
    const shown = value.slice(0, LONGEST_LIST).map((item) => kept('', item, mark));
    return value.length > LONGEST_LIST ? [...shown, `… ${value.length - LONGEST_LIST} more`] : shown;
  }
  if (typeof value !== 'object') return value;
  const entries = Object.entries(value).slice(0, LONGEST_LIST);
  return Object.fromEntries(entries.map(([part, inner]) => [part, kept(part, inner, mark)]));
}

/** Which of two long texts it was can be shown by whoever has them. */
function shortened(text: string): string {
  if (text.length <= LONGEST_TEXT) return text;
  const hash = createHash('sha256').update(text).digest('hex');
  return `${text.slice(0, LONGEST_TEXT)}… (${text.length} characters, sha256 ${hash})`;
}

/** Fields that find no room leave their name. */
function capped(fields: (readonly [string, unknown])[]): Record<string, unknown> {
  let room = LARGEST;
  return Object.fromEntries(
    fields.map(([name, value]) => {
      const size = JSON.stringify(value).length;
      if (size > room) return [name, `… (${size} characters)`];
      room -= size;
      return [name, value];
    }),
  );
}

/** A column of JSON comes back with its keys in another order and without what is undefined, a time as a Date. */
function plain(value: unknown): unknown {
  return value === undefined || value === null ? null : (JSON.parse(JSON.stringify(value)) as unknown);
}
