/** `user` names are also those of identity providers; `object` names are those of roles, policies, groups and the like. */
export type NameKind = 'user' | 'object';

const MAX_LENGTH = 255;
/** Controls, line separators, unassigned points, lone surrogates, and all that shows nothing: bidi and zero-width marks. */
const NEVER = /[\p{Cc}\p{Zl}\p{Zp}\p{Cn}\p{Cs}\p{Bidi_Control}\p{Default_Ignorable_Code_Point}]/u;
const NEVER_IN_USER_NAMES = /[,/\\]|^\s|\s$/u;

/**
 * Why a name cannot be taken, in the words of appgate.md §1.4, or null. Length is counted in code points. The rules are those
 * of appgate.md §1.5 and §1.6 and S80.
 */
export function nameProblem(text: string, { kind }: { kind: NameKind }): string | null {
  if (text === '') return 'may not be empty';
  if (kind === 'object' && text.trim() === '') return 'may not be empty';
  if (NEVER.test(text)) return 'contains invalid characters';
  if (kind === 'user' && NEVER_IN_USER_NAMES.test(text)) return 'contains invalid characters';
  if (Array.from(text).length > MAX_LENGTH) return `must be at most ${MAX_LENGTH} characters`;
  return null;
}
