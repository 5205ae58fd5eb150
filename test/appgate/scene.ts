import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { startSallyport, type Sallyport } from '../support/sallyport.js';
import { codeAt } from './authenticator.js';
import { AdminClient, DEVICE, type Answer } from './admin-client.js';

export const OTP_PROVIDER = 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401';
export const PASSWORD = 'a long enough passphrase';

export interface PrivilegeLike {
  type: string;
  target: string;
  scope?: { all?: boolean; ids?: string[]; tags?: string[] };
  defaultTags?: string[];
  functions?: string[];
}

/** A server of a test file, seen through `/admin`. */
export class Scene {
  constructor(readonly sallyport: Sallyport) {}

  get client(): AdminClient {
    return new AdminClient(this.sallyport.url);
  }

  get adminPassword(): string {
    return this.sallyport.adminPassword;
  }

  advance(seconds: number): void {
    this.sallyport.clock.advance(seconds);
  }

  /** The code of this moment for a secret, or of `steps` periods later. */
  code(secret: string, steps = 0): string {
    return codeAt(secret, new Date(this.sallyport.clock.now().getTime() + steps * 30_000));
  }

  /** Six digits that are wrong for this secret now. */
  wrongCode(secret: string): string {
    const near = [-2, -1, 0, 1, 2].map((step) => this.code(secret, step));
    return ['000000', '111111', '222222', '333333', '444444', '555555'].find((code) => !near.includes(code))!;
  }

  /** Signs a pending client in and binds the seed it is shown. @returns the secret and the proven client. */
  async enroll(pending: AdminClient): Promise<{ secret: string; proven: AdminClient }> {
    const begun = await pending.post('/authentication/otp/initialize', {});
    const { secret } = begun.body;
    const { status, body, text } = await pending.post('/authentication/otp', { otp: this.code(secret) });
    if (status !== 200) throw new Error(`${status} ${text}`);
    return { secret, proven: pending.with(body.token) };
  }

  async rows<Row extends object = Record<string, unknown>>(
    text: string,
    values: unknown[] = [],
  ): Promise<Row[]> {
    return (await this.sallyport.database.query(text, values)).rows as Row[];
  }

  credentials(username = 'admin', password = username === 'admin' ? this.adminPassword : PASSWORD) {
    return { providerName: 'local', username, password, deviceId: DEVICE };
  }

  authenticate(username?: string, password?: string): Promise<Answer> {
    return this.client.post('/authentication', this.credentials(username, password));
  }

  /** A client holding a partial token. */
  async partial(username?: string): Promise<AdminClient> {
    const { status, body, text } = await this.authenticate(username);
    if (status !== 200) throw new Error(`${status} ${text}`);
    return this.client.with(body.token);
  }

  /** A client holding a final token of a user who owes nothing. */
  async final(username?: string): Promise<AdminClient> {
    const { status, body, text } = await this.client.post('/login', this.credentials(username));
    if (status !== 200) throw new Error(`${status} ${text}`);
    return this.client.with(body.token);
  }

  administrator(): Promise<AdminClient> {
    return this.final('admin');
  }

  /** Plants a user, and a role of its own with these privileges; none without. */
  async plantUser(name: string, privileges: PrivilegeLike[] = [], extra: object = {}): Promise<string> {
    const admin = await this.administrator();
    const user = { name, firstName: 'F', lastName: 'L', password: PASSWORD, ...extra };
    const { status, body, text } = await admin.post('/local-users', user);
    if (status !== 200) throw new Error(`${status} ${text}`);
    if (privileges.length > 0)
      await this.plantRole(name, privileges, `return claims.user.username === ${JSON.stringify(name)};`);
    return body.id;
  }

  /** A role and its policy as rows: tests of other things need not go through their routes. */
  async plantRole(name: string, privileges: PrivilegeLike[], expression: string): Promise<void> {
    const role = randomUUID();
    const whole = privileges.map(({ scope, ...rest }) => ({
      ...rest,
      scope: { all: false, ids: [], tags: [], ...scope },
    }));
    await this.rows(
      `INSERT INTO administrative_roles (id, name, name_canonical, privileges, created_at, updated_at)
       VALUES ($1, $2, lower($2), $3::jsonb, now(), now())`,
      [role, `role of ${name}`, JSON.stringify(whole)],
    );
    await this.rows(
      `INSERT INTO policies (id, name, name_canonical, type, expression, administrative_roles, created_at, updated_at)
       VALUES ($1, $2, lower($2), 'Admin', $3, ARRAY[$4::uuid], now(), now())`,
      [randomUUID(), `policy of ${name}`, expression, role],
    );
  }

  /** The same, signed in. */
  async userWith(name: string, privileges: PrivilegeLike[], extra: object = {}): Promise<AdminClient> {
    await this.plantUser(name, privileges, extra);
    return this.final(name);
  }

  /** Switches MFA for administrators on, or off with null, as the operator would. */
  async demandFactor(providerId: string | null, exemptedUsers: string[] = []): Promise<void> {
    await this.rows('UPDATE admin_mfa_settings SET provider_id = $1', [providerId]);
    await this.rows('DELETE FROM mfa_exemptions');
    for (const [position, dn] of exemptedUsers.entries()) {
      const [, username, provider] = /^CN=(.*),OU=(.*)$/.exec(dn)!;
      await this.rows('INSERT INTO mfa_exemptions VALUES (lower($1), lower($2), $3, $4)', [
        provider,
        username,
        dn,
        position,
      ]);
    }
  }
}

/** One server for all tests of a file. */
export function withServer(settings?: Record<string, string>): Scene {
  let sallyport: Sallyport | undefined;
  beforeAll(async () => {
    sallyport = await startSallyport({ settings });
  });
  afterAll(() => sallyport?.stop());
  return new Proxy({} as Scene, {
    get(_, name) {
      if (!sallyport) throw new Error('The server exists only while tests run.');
      const scene = new Scene(sallyport);
      const value = Reflect.get(scene, name, scene) as unknown;
      return typeof value === 'function' ? (value as () => unknown).bind(scene) : value;
    },
  });
}
