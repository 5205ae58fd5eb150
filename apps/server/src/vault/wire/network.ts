import { addressRange } from '@sallyport/platform';

/** Whether a text is an address or a CIDR range, in its usual spelling. */
export function isRange(text: string): boolean {
  return addressRange(text) !== null;
}
