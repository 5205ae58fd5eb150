import { refuse } from '../wire/vault-error.js';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** A policy's text as it was sent: plain, or in base64 (§11). Throws 400 where there is none. */
export function policyText(sent: string | undefined): string {
  if (!sent) throw refuse(400, "'policy' parameter not supplied or empty");
  const packed = sent.replace(/[\r\n]/g, '');
  return packed.length % 4 === 0 && BASE64.test(packed) ? Buffer.from(packed, 'base64').toString() : sent;
}
