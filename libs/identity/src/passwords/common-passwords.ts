let list: Promise<ReadonlySet<string>> | undefined;

/**
 * The 49 000 most common passwords that come with the server (S03), in lower case. Read once, when first asked for: most servers run for
 * long without anybody setting a password, and the list is 3 MB in memory.
 */
export function commonPasswords(): Promise<ReadonlySet<string>> {
  return (list ??= import('@zxcvbn-ts/language-common').then(
    ({ dictionary }) => new Set(dictionary['passwords-common']),
  ));
}
