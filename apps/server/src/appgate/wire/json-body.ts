import { DomainError } from '@sallyport/platform';

/** S81: what nests deeper is refused as malformed. */
const DEEPEST = 32;

const UTF8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The fields of a body, read as JSON whatever the Content-Type says (appgate.md §1.1). No bytes give no fields.
 * @throws DomainError `malformed` for anything but strict UTF-8 JSON, for a key `__proto__` and for depth over 32
 *   (S80, S81); `invalid` on `body` for JSON that is not an object.
 */
export function jsonFields(bytes: Buffer): Record<string, unknown> {
  if (bytes.length === 0) return {};
  const value = parse(bytes);
  refuseTricks(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw DomainError.invalid('body', 'must be an object');
  }
  return value as Record<string, unknown>;
}

function parse(bytes: Buffer): unknown {
  try {
    return JSON.parse(UTF8.decode(bytes));
  } catch {
    throw malformed();
  }
}

/** Walks without recursion, so that depth costs no stack. */
function refuseTricks(root: unknown): void {
  const open: { value: unknown; depth: number }[] = [{ value: root, depth: 1 }];
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.depth > DEEPEST || Object.hasOwn(next.value, '__proto__')) throw malformed();
    for (const child of Object.values(next.value)) open.push({ value: child, depth: next.depth + 1 });
  }
}

function malformed(): DomainError {
  return new DomainError('malformed', 'body-not-json', 'The request body is not valid JSON.');
}
