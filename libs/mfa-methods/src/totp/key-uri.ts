import { ScureBase32Plugin } from 'otplib';

const base32 = new ScureBase32Plugin();

/** RFC 4648 base32 without padding, as authenticator apps read it. */
export function toBase32(seed: Buffer): string {
  return base32.encode(new Uint8Array(seed), { padding: false });
}

export interface KeyUriParts {
  issuer: string;
  account: string;
  secret: string;
  algorithm: string;
  digits: number;
  period: number;
}

/** The otpauth URL of `/v1` (contract vault.md §5.4): parameters in alphabetical order, a blank as `%20`. */
export function keyUri({ issuer, account, secret, algorithm, digits, period }: KeyUriParts): string {
  const encoded = encodeURIComponent(issuer);
  return (
    `otpauth://totp/${encoded}:${encodeURIComponent(account)}` +
    `?algorithm=${algorithm}&digits=${digits}&issuer=${encoded}&period=${period}&secret=${secret}`
  );
}
