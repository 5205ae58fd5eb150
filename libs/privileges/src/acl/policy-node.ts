import type { TextPosition } from './policy-text-error.js';

/** One key of a member, as it was written. */
export interface PolicyKey {
  text: string;
  at: TextPosition;
}

/** `path "x" { … }` has two keys, `capabilities = […]` one. */
export interface PolicyMember {
  keys: PolicyKey[];
  value: PolicyNode;
}

/** A text as it was read, HCL or JSON, before anything is said about what it means. */
export type PolicyNode =
  | { kind: 'object'; members: PolicyMember[]; at: TextPosition }
  | { kind: 'list'; items: PolicyNode[]; at: TextPosition }
  | { kind: 'scalar'; value: string | number | boolean | null; at: TextPosition };
