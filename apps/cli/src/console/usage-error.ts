/** The command was called in a way it is not meant to be. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
