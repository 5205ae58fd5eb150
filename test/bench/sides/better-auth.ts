import { verify, hash } from '@node-rs/argon2';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import { toNodeHandler } from 'better-auth/node';
import { twoFactor } from 'better-auth/plugins';
import pg from 'pg';
import { serve } from './serve.ts';

/**
 * better-auth as its documentation sets it up for Postgres, with the settings that make it comparable: sessions in the database and no copy
 * of them in a cookie, its rate limit off (ours counts in the database and stays on), and Argon2id with our parameters in place of its scrypt
 * unless HASH says `scrypt`.
 */
const { DATABASE_URL: connectionString, POOL: max, SECRET: secret, HASH } = process.env;
const ARGON2 = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

const auth = betterAuth({
  baseURL: 'http://127.0.0.1',
  secret,
  database: new pg.Pool({ connectionString, max: Number(max) }),
  emailAndPassword: {
    enabled: true,
    ...(HASH !== 'scrypt' && {
      password: {
        hash: (password: string) => hash(password, ARGON2),
        verify: ({ hash: stored, password }: { hash: string; password: string }) => verify(stored, password),
      },
    }),
  },
  session: { cookieCache: { enabled: false } },
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { level: 'error' },
  plugins: [twoFactor()],
});

await (await getMigrations(auth.options)).runMigrations();
serve(toNodeHandler(auth));
