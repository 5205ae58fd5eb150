import { jwtVerify, SignJWT } from 'jose';
import { type Json, objectOf } from '../vendor/json-answer.js';

/** Whose messages these are. */
export interface PingidAccount {
  orgAlias: string;
  token: string;
  /** In base64. */
  signingKey: string;
}

/** A request as PingID takes it: a JWS in compact form, HS256 under the organisation's key (PingID API, version 4.9). */
export async function signPingidRequest(
  { orgAlias, token, signingKey }: PingidAccount,
  reqBody: Json,
  now: Date,
): Promise<string> {
  const timestamp = now.toISOString().replace('T', ' ').replace('Z', '');
  const reqHeader = { locale: 'en', orgAlias, secretKey: token, timestamp, version: '4.9' };
  return new SignJWT({ reqHeader, reqBody })
    .setProtectedHeader({ alg: 'HS256', org_alias: orgAlias, token })
    .sign(Buffer.from(signingKey, 'base64'));
}

/**
 * The body of an answer, where it is signed with the same key for the same organisation.
 * @returns null for everything else; nothing of it is believed.
 */
export async function readPingidAnswer(
  { orgAlias, token, signingKey }: PingidAccount,
  answer: string,
  now: Date,
): Promise<Json | null> {
  const key = Buffer.from(signingKey, 'base64');
  const options = { algorithms: ['HS256'], currentDate: now };
  const verified = await jwtVerify(answer.trim(), key, options).catch(() => null);
  if (verified === null) return null;
  const header = objectOf(verified.protectedHeader);
  if (header['token'] !== token || (header['orgAlias'] ?? header['org_alias']) !== orgAlias) return null;
  return objectOf(verified.payload['responseBody']);
}
