export interface PasswordRules {
  /** Code points. Below 5 counts as 5. */
  minLength: number;
  /** What is refused as common, in NFC and lower case, and names with it; null: a provider has switched that off (S01). */
  common: ReadonlySet<string> | null;
  context: { username: string; host: string; product: string };
}

export interface PasswordProblem {
  code: 'ill-formed' | 'too-short' | 'too-long' | 'too-common';
  /** In the words of appgate.md §1.4. */
  message: string;
}

/** Under which no provider can go (appgate.md §5.1). */
const FLOOR = 5;
const MAX_LENGTH = 256;
const MIN_LABEL = 3;

/** The form in which a password is counted, set and checked: NFC, and nothing else is changed (S02). */
export function preparePassword(text: string): string {
  return text.normalize('NFC');
}

/** Whether a text has no lone surrogate; those have no UTF-8, and would all be hashed as the same replacement. */
export function isWellFormed(text: string): boolean {
  return !/\p{Cs}/u.test(text);
}

/**
 * Why a password may not be set, or null (S01, S02, S03). There is no rule about kinds of characters. Length is counted in code points
 * after NFC. The breached hashes of S03 are asked separately (`BreachedList`), since they lie in a file.
 */
export function passwordProblem(password: string, rules: PasswordRules): PasswordProblem | null {
  if (!isWellFormed(password)) return { code: 'ill-formed', message: 'contains invalid characters' };
  const prepared = preparePassword(password);
  const length = Array.from(prepared).length;
  if (length > MAX_LENGTH) return { code: 'too-long', message: `must be at most ${MAX_LENGTH} characters` };
  const least = Math.max(rules.minLength, FLOOR);
  if (length < least) return { code: 'too-short', message: `must be at least ${least} characters` };
  if (rules.common === null) return null;
  const plain = fold(prepared);
  if (!rules.common.has(plain) && !isMadeOf(plain, rules.context)) return null;
  return { code: 'too-common', message: 'is too common' };
}

/** A name, or the name twice, with or without digits around. */
function isMadeOf(plain: string, { username, host, product }: PasswordRules['context']): boolean {
  const labels = host.split('.').filter((label) => label.length >= MIN_LABEL && /\p{L}/u.test(label));
  const words = [username, product, product.replaceAll(' ', ''), host, ...labels].map(fold);
  return words.some((word) => word !== '' && (isDressed(plain, word) || isDressed(plain, word + word)));
}

function isDressed(plain: string, word: string): boolean {
  for (let at = plain.indexOf(word); at >= 0; at = plain.indexOf(word, at + 1)) {
    if (isDigits(plain.slice(0, at)) && isDigits(plain.slice(at + word.length))) return true;
  }
  return false;
}

function isDigits(text: string): boolean {
  return /^\d*$/.test(text);
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase().normalize('NFC');
}
