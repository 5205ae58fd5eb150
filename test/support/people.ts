import { randomUUID } from 'node:crypto';
import { SERVER } from '@sallyport/audit';
import {
  hashPassword,
  IdentityProvidersService,
  type LocalUser,
  LocalUsersService,
  type NewLocalUser,
} from '@sallyport/identity';
import {
  codeOf,
  DEFAULT_METHOD_ID,
  MfaMethodsService,
  stepAt,
  TOTP_DEFAULTS,
  TotpEnrollmentsService,
  type TotpParameters,
} from '@sallyport/mfa-methods';
import { Database } from '@sallyport/platform';
import { ScureBase32Plugin } from 'otplib';
import type { Core } from './core.js';

export const PASSWORD = 'a quiet harbour at dawn';

let hash: Promise<string> | undefined;

/** The stored form of `PASSWORD`; hashed once for all users of a file. */
export function passwordHash(): Promise<string> {
  hash ??= hashPassword(PASSWORD);
  return hash;
}

export interface Person {
  user: LocalUser;
  accountId: string;
  principalId: string;
}

/** A user with `PASSWORD`, of the provider `local` unless told otherwise. */
export async function addUser(core: Core, name: string, values: Partial<NewLocalUser> = {}): Promise<Person> {
  const local = await core.get(IdentityProvidersService).local();
  const row = {
    ...NOBODY,
    name,
    identityProviderId: local.id,
    passwordHash: await passwordHash(),
    ...values,
  };
  const user = await core
    .get(Database)
    .transaction((tx) => core.get(LocalUsersService).create(tx, row, SERVER));
  const found = await core.database.query('SELECT principal_id FROM accounts WHERE id = $1', [
    user.accountId,
  ]);
  return { user, accountId: user.accountId, principalId: found.rows[0].principal_id };
}

const NOBODY = {
  firstName: 'Ada',
  lastName: 'Byron',
  email: null,
  phone: null,
  notes: '',
  tags: [],
  disabled: false,
  failedLoginAttempts: 0,
  lockStart: null,
  exemptionCounts: true,
};

/** A person's authenticator: gives the code of the step `offset` steps from now. */
export type Authenticator = (offset?: number) => string;

export function authenticator(
  core: Core,
  secret: string,
  parameters: TotpParameters = TOTP_DEFAULTS,
): Authenticator {
  const seed = Buffer.from(new ScureBase32Plugin().decode(secret));
  return (offset = 0) => codeOf(seed, stepAt(core.clock.now(), parameters.period) + offset, parameters);
}

/** Binds a seed of a method to a person, as an administrator may. */
export async function bind(
  core: Core,
  principalId: string,
  methodId = DEFAULT_METHOD_ID,
): Promise<Authenticator> {
  const method = await core.get(MfaMethodsService).find(methodId);
  const begun = await core.get(TotpEnrollmentsService).bindNew(method!, principalId, SERVER);
  if (!('secret' in begun)) throw new Error('there is a seed already');
  return authenticator(core, begun.secret, { ...TOTP_DEFAULTS, ...method!.config });
}

/** A further TOTP method of `/v1`. */
export function addMethod(core: Core, config: Partial<typeof TOTP_DEFAULTS> = {}): Promise<string> {
  return core
    .get(MfaMethodsService)
    .create(`m-${randomUUID()}`, { type: 'totp', config: { ...TOTP_DEFAULTS, ...config } }, SERVER);
}

/** A code that is none of the window's. */
export function wrong(code: Authenticator): string {
  const right = new Set([-1, 0, 1].map((offset) => code(offset)));
  for (let candidate = 0; ; candidate += 1) {
    const text = String(candidate).padStart(code().length, '0');
    if (!right.has(text)) return text;
  }
}
