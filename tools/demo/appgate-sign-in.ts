import { randomUUID } from 'node:crypto';
import { generateSync } from 'otplib';
import { TIME_BASED_METHOD } from './built-in.ts';
import type { Caller } from './caller.ts';
import type { ThrowawayServer } from './throwaway-server.ts';

const ACCEPT = { Accept: 'application/vnd.appgate.peer-v23+json' };

interface TokenAnswer {
  token: string;
  secret: string;
}

/** An administrator at `/admin`: password, second factor, authorization. */
export async function signInAtAdmin(wire: Caller, { adminPassword }: ThrowawayServer): Promise<void> {
  const admin = { providerName: 'local', username: 'admin', password: adminPassword, deviceId: randomUUID() };
  const bearer = (token: string) => ({ ...ACCEPT, Authorization: `Bearer ${token}` });
  await wire.call({
    step: 'Where may administrators sign in?',
    method: 'GET',
    path: '/admin/identity-providers/names',
    headers: ACCEPT,
    expect: 200,
  });
  const login = await wire.call<TokenAnswer>({
    step: 'Nothing is owed yet: the password alone gives a full token …',
    method: 'POST',
    path: '/admin/login',
    headers: ACCEPT,
    body: admin,
    expect: 200,
  });
  await wire.call({
    step: '… which may demand a second factor of every administrator from now on.',
    method: 'PUT',
    path: '/admin/admin-mfa-settings',
    headers: bearer(login.token),
    body: { providerId: TIME_BASED_METHOD },
    expect: 204,
  });
  const first = await wire.call<TokenAnswer>({
    step: 'The password now gives a partial token …',
    method: 'POST',
    path: '/admin/authentication',
    headers: ACCEPT,
    body: admin,
    expect: 200,
  });
  await wire.call({
    step: '… that opens nothing yet.',
    method: 'GET',
    path: '/admin/authorization',
    headers: bearer(first.token),
    expect: 412,
  });
  const begun = await wire.call<TokenAnswer>({
    step: 'An authenticator app is enrolled (a JPEG of the QR code comes along) …',
    method: 'POST',
    path: '/admin/authentication/otp/initialize',
    headers: bearer(first.token),
    body: {},
    expect: 200,
  });
  const second = await wire.call<TokenAnswer>({
    step: '… and its first right code binds it.',
    method: 'POST',
    path: '/admin/authentication/otp',
    headers: bearer(first.token),
    body: { otp: generateSync({ secret: begun.secret }) },
    expect: 200,
  });
  await wire.call({
    step: 'The fresh token is traded for the final one, with everything its owner may do.',
    method: 'GET',
    path: '/admin/authorization',
    headers: bearer(second.token),
    expect: 200,
  });
}

/** A user whose code was right once. */
export interface SpentCode {
  username: string;
  password: string;
  code: string;
}

/** What somebody else's code, or one's own for the second time, is worth at `/admin`. */
export async function offerSpentCode(wire: Caller, user: SpentCode): Promise<void> {
  const { username, password, code } = user;
  const partial = await wire.call<TokenAnswer>({
    step: 'The user is the same person there, and owes the same …',
    method: 'POST',
    path: '/admin/authentication',
    headers: ACCEPT,
    body: { providerName: 'local', username, password, deviceId: randomUUID() },
    expect: 200,
  });
  await wire.call({
    step: '… but a code counts once.',
    method: 'POST',
    path: '/admin/authentication/otp',
    headers: { ...ACCEPT, Authorization: `Bearer ${partial.token}` },
    body: { otp: code },
    expect: 401,
  });
}
