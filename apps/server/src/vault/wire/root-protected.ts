/** Paths that take `sudo` beside the verb's capability (vault.md §12). */
const ROOT_PROTECTED = [
  /^sys\/auth\/./,
  /^sys\/remount$/,
  /^auth\/token\/accessors/,
  /^auth\/token\/revoke-orphan$/,
];

export function isRootProtected(policyPath: string): boolean {
  return ROOT_PROTECTED.some((pattern) => pattern.test(policyPath));
}
