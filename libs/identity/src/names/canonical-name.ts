/** Where each form is the same. */
const ASCII = /^[ -~]*$/;

/**
 * The one form in which names are compared, counted and kept unique (S80, S51): NFC, lower case without a locale, NFC again.
 * Canonical twice equals once. `İ` becomes `i̇` (never `i`), `ẞ` becomes `ß` (never `ss`), and `ς` becomes `σ`: lower-casing
 * `Σ` gives the one or the other depending on what follows it, so one name in capitals would be two names.
 */
export function canonicalName(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase();
  return text.normalize('NFC').toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/** What a reserved name may hide behind: blanks, controls, invisible and unassigned characters, slashes. */
const DISGUISE = /[\s\p{Cc}\p{Cn}\p{Cs}\p{Default_Ignorable_Code_Point}/\\]/gu;

/** Whether a name is one of `reserved` (canonical) in any spelling, such as full-width, `" root"` or `root/` (S51). */
export function isReservedName(text: string, reserved: readonly string[]): boolean {
  return reserved.includes(canonicalName(text.normalize('NFKC').replace(DISGUISE, '')));
}
