import { dictionary } from '@zxcvbn-ts/language-common';

let list: ReadonlySet<string> | undefined;

/** The 49 000 most common passwords that come with the server (S03), in lower case. Read once, when first asked for. */
export function commonPasswords(): ReadonlySet<string> {
  return (list ??= new Set(dictionary['passwords-common']));
}
