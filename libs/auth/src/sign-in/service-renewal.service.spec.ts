import { SERVER } from '@sallyport/audit';
import {
  type AuthMount,
  AuthMountsService,
  LocalUsersService,
  type TokenSettings,
  IdentityProvidersService,
} from '@sallyport/identity';
import { after, Database } from '@sallyport/platform';
import { MAX_TTL, type Token } from '@sallyport/tokens';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Core, from, startCore } from '../../../../test/support/core.js';
import { addUser, PASSWORD, type Person } from '../../../../test/support/people.js';
import { ServiceLoginService } from './service-login.service.js';
import { ServiceRenewalService } from './service-renewal.service.js';

const MOUNT = {
  description: '',
  defaultLeaseTtl: 0,
  maxLeaseTtl: 0,
  listingVisibility: null,
  tokenType: 'default-service',
};

let core: Core;
let mount: AuthMount;
let person: Person;
let people = 0;

beforeAll(async () => {
  core = await startCore();
  mount = await core.get(AuthMountsService).attach('userpass', MOUNT, SERVER);
});
afterAll(() => core.stop());
beforeEach(async () => {
  people += 1;
  person = await addUser(core, `person-${people}`);
  await core.database.query('UPDATE auth_mounts SET max_lease_ttl = 0');
});

async function logIn(tokenSettings: TokenSettings = {}): Promise<Token> {
  await core
    .get(Database)
    .transaction((tx) =>
      core.get(LocalUsersService).changeTokenSettings(tx, person.user, tokenSettings, SERVER),
    );
  const provider = await core.get(IdentityProvidersService).find(mount.identityProviderId!);
  const login = {
    mount,
    provider: provider!,
    username: person.user.name,
    password: PASSWORD,
    credentialFor: null,
    actor: from('192.0.2.7'),
  };
  const issued = await core.get(ServiceLoginService).logIn(login);
  if (issued.kind !== 'issued') throw new Error('something is owed');
  return issued.token;
}

/** Seconds from the token's issue to its new end. */
async function renewedLife(token: Token, increment: number): Promise<number> {
  const { expiresAt } = await core.get(ServiceRenewalService).renew(token, increment, SERVER);
  return (expiresAt!.getTime() - token.issuedAt.getTime()) / 1000;
}

describe('the renewal of a token of a login', () => {
  it('S34 ends at 768 h where nothing else is set', async () => {
    expect(await renewedLife(await logIn({ ttl: 100 }), 2 * MAX_TTL)).toBe(MAX_TTL);
  });

  it('S34 ends at the maximum of its user as it is now', async () => {
    const token = await logIn({ ttl: 100, maxTtl: 1_000 });
    expect(await renewedLife(token, 5_000)).toBe(1_000);
    const user = (await core.get(LocalUsersService).find(person.user.id))!;
    await core
      .get(Database)
      .transaction((tx) =>
        core.get(LocalUsersService).changeTokenSettings(tx, user, { maxTtl: 500 }, SERVER),
      );
    expect(await renewedLife(token, 5_000)).toBe(500);
  });

  it('S34 ends at the maximum of its mount as it is now', async () => {
    const token = await logIn({ ttl: 100 });
    await core.database.query('UPDATE auth_mounts SET max_lease_ttl = 300 WHERE id = $1', [mount.id]);
    expect(await renewedLife(token, 5_000)).toBe(300);
  });

  it('S34 of a periodic token goes on by its period, up to its explicit maximum', async () => {
    const token = await logIn({ period: 60, explicitMaxTtl: 100 });
    expect(token.expiresAt).toEqual(after(token.issuedAt, 60));
    core.clock.advance(30);
    expect(await renewedLife(token, 5_000)).toBe(90);
    core.clock.advance(30);
    expect(await renewedLife(token, 5_000)).toBe(100);
  });

  it('is refused once the token has ended', async () => {
    const token = await logIn({ ttl: 100 });
    core.clock.advance(100);
    await expect(core.get(ServiceRenewalService).renew(token, 0, SERVER)).rejects.toMatchObject({
      code: 'token-not-found',
    });
  });
});
