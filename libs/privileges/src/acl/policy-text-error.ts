/** Where something stands in a policy's text, both counted from 1. */
export interface TextPosition {
  line: number;
  column: number;
}

/** Why a text is no policy, and where. The message is the whole reason, fit for an error of the wire. */
export class PolicyTextError extends Error {
  override readonly name = 'PolicyTextError';

  constructor(
    { line, column }: TextPosition,
    readonly why: string,
  ) {
    super(`At ${line}:${column}: ${why}`);
  }
}
