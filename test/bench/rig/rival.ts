import { createHmac, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hashPassword, symmetricEncrypt } from 'better-auth/crypto';
import type { BenchPostgres } from './postgres.ts';
import type { LoadRequest } from './load.ts';
import { codeOf } from './codes.ts';
import { PASSWORD, POOL } from './scene.ts';
import { type Side, startSide } from './side.ts';

const ORIGIN = 'http://127.0.0.1';

const PACKAGE = new URL('../../../node_modules/better-auth/package.json', import.meta.url);
export const RIVAL = `better-auth ${(JSON.parse(readFileSync(PACKAGE, 'utf8')) as { version: string }).version}`;

/** better-auth in its own process on its own database of the same PostgreSQL. */
export class Rival {
  readonly database: string;
  readonly side: Side;
  private readonly postgres: BenchPostgres;
  private readonly secret: string;
  private readonly seeds: string[];

  private constructor(
    postgres: BenchPostgres,
    database: string,
    side: Side,
    secret: string,
    seeds: string[],
  ) {
    this.postgres = postgres;
    this.database = database;
    this.side = side;
    this.secret = secret;
    this.seeds = seeds;
  }

  /** Starts it, and plants as many people as it is measured with: half of them, those of odd numbers, have an authenticator. */
  static async open(postgres: BenchPostgres, people: number, passwordHash: string): Promise<Rival> {
    return Rival.openWith(postgres, people, passwordHash, 'argon2id');
  }

  /** The same with the hash it has unless told otherwise. */
  static async openAsShipped(postgres: BenchPostgres, people: number): Promise<Rival> {
    return Rival.openWith(postgres, people, await hashPassword(PASSWORD), 'scrypt');
  }

  private static async openWith(
    postgres: BenchPostgres,
    people: number,
    passwordHash: string,
    hash: 'argon2id' | 'scrypt',
  ): Promise<Rival> {
    const database = `better_auth_${hash}`;
    await postgres.create(database);
    const secret = randomBytes(32).toString('base64');
    const side = await startSide('better-auth', {
      DATABASE_URL: postgres.url(database),
      POOL,
      SECRET: secret,
      HASH: hash,
    });
    const seeds = Array.from({ length: people }, () => randomBytes(20).toString('hex').slice(0, 32));
    const rival = new Rival(postgres, database, side, secret, seeds);
    await rival.plant(passwordHash);
    return rival;
  }

  private async plant(passwordHash: string): Promise<void> {
    const count = this.seeds.length;
    for (const kind of ['owing', 'plain']) {
      const id = `md5('${kind}-person/' || n)::uuid::text`;
      await this.rows(
        `INSERT INTO "user" (id, name, email, "emailVerified", "twoFactorEnabled", "createdAt", "updatedAt")
         SELECT ${id}, '${kind}-' || n, '${kind}-' || n || '@example.com', true, ${kind === 'owing'}, now(), now() FROM generate_series(1, $1::integer) n`,
        [count],
      );
      await this.rows(
        `INSERT INTO account (id, "accountId", "providerId", "userId", password, "createdAt", "updatedAt")
         SELECT ${id}, ${id}, 'credential', ${id}, $2, now(), now() FROM generate_series(1, $1::integer) n`,
        [count, passwordHash],
      );
      await this.rows(
        `INSERT INTO session (id, token, "userId", "expiresAt", "createdAt", "updatedAt", "ipAddress", "userAgent")
         SELECT ${id}, 'session-${kind}-' || n, ${id}, now() + interval '7 days', now(), now(), '127.0.0.1', '' FROM generate_series(1, $1::integer) n`,
        [count],
      );
    }
    const secrets = await Promise.all(this.seeds.map((data) => symmetricEncrypt({ key: this.secret, data })));
    await this.rows(
      `INSERT INTO "twoFactor" (id, secret, "backupCodes", "userId", verified, "failedVerificationCount")
       SELECT md5('factor/' || n), secret, '', md5('owing-person/' || n)::uuid::text, true, 0
       FROM unnest($1::text[]) WITH ORDINALITY AS sealed (secret, n)`,
      [secrets],
    );
    await this.rows('VACUUM ANALYZE');
  }

  /** Everybody's password was right a moment ago. */
  async plantSignIns(count: number): Promise<void> {
    await this.rows('DELETE FROM verification');
    for (const [prefix, value] of [
      ['2fa-', `md5('owing-person/' || n)::uuid::text`],
      ['2fa-attempts-2fa-', `'0'`],
    ])
      await this.rows(
        `INSERT INTO verification (id, identifier, value, "expiresAt", "createdAt", "updatedAt")
         SELECT md5('${prefix}' || n), '${prefix}' || n, ${value}, now() + interval '1 hour', now(), now() FROM generate_series(1, $1::integer) n`,
        [count],
      );
    await this.rows('VACUUM ANALYZE verification');
  }

  finishes(count: number): LoadRequest[] {
    const now = Date.now();
    return this.seeds
      .slice(0, count)
      .map((seed, index) =>
        this.post(
          '/api/auth/two-factor/verify-totp',
          { code: codeOf(Buffer.from(seed), now) },
          `two_factor=${this.signed(`2fa-${index + 1}`)}`,
        ),
      );
  }

  passwordSignIns(count: number): LoadRequest[] {
    return Array.from({ length: count }, (_, index) =>
      this.post('/api/auth/sign-in/email', { email: `plain-${index + 1}@example.com`, password: PASSWORD }),
    );
  }

  checks(count: number): LoadRequest[] {
    return Array.from({ length: count }, (_, index) => ({
      method: 'GET',
      path: '/api/auth/get-session',
      headers: { cookie: `better-auth.session_token=${this.signed(`session-plain-${index + 1}`)}` },
    }));
  }

  async sessions(): Promise<number> {
    const [row] = await this.rows<{ count: number }>('SELECT count(*)::int AS count FROM session');
    return row!.count;
  }

  private rows<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    return this.postgres.rows(this.database, text, values);
  }

  private post(path: string, body: object, cookie?: string): LoadRequest {
    return {
      method: 'POST',
      path,
      headers: {
        'content-type': 'application/json',
        origin: ORIGIN,
        ...(cookie === undefined ? {} : { cookie: `better-auth.${cookie}` }),
      },
      body: JSON.stringify(body),
    };
  }

  private signed(value: string): string {
    return encodeURIComponent(`${value}.${createHmac('sha256', this.secret).update(value).digest('base64')}`);
  }
}
