import pg from 'pg';
import { leaksIn, spellings } from '../security/leak-marks.js';
import { ANSWERS_SEEN } from './send.js';

/** Passwords and tokens that tests all over the suite give to servers. */
const GIVEN = [
  'plum-orbit-velvet-93',
  'walnut-canyon-drift-71',
  'correct horse battery staple',
  'seven quiet harbours at dusk',
  'root-token-of-the-tests-0123456789',
];
/** Those a file of tests itself writes where they are no secrets, such as a fuzzer that puts anything anywhere. */
export const SHOWN_ON_PURPOSE = new Set<string>();

/** What servers made and told: tokens of both dialects, partial ones, activation codes, ids of pending logins. */
const MADE = [
  /"(?:token|client_token|code|mfa_request_id)":"([\w+/=.-]{20,})"/g,
  /\b(hvs\.[0-9A-Za-z]{22,})/g,
];
/** Seeds, in base32. */
const SEEDS = [/[?&]secret=([A-Z2-7]{16,})/g, /"secret":"([A-Z2-7]{16,})"/g];
/** Of a table, and of things made in a file of tests: enough to find a hole, and no more than a moment's work. */
const ROWS = 5_000;
const MOST = 100;

/**
 * Searches every table of a test's database, before it goes, for what would sign somebody in (S69): the suite's passwords and, of this file's
 * answers, tokens, codes and seeds.
 * @throws Error naming the table and what was found
 */
export async function mustHoldNoSecret(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  const wanted = secretsOfThisFile();
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      `SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migrations'`,
    );
    for (const { name } of tables) {
      const { rows } = await client.query<{ row: string }>(
        `SELECT t::text AS row FROM "${name}" t LIMIT ${ROWS}`,
      );
      const text = rows
        .map(({ row }) => row)
        .join('\n')
        .toLowerCase();
      for (const [what, spelling] of wanted)
        if (text.includes(spelling)) throw new Error(`S69: ${name} holds ${what}: ${around(text, spelling)}`);
      const [planted] = leaksIn(text);
      if (planted !== undefined) throw new Error(`S69: ${name} holds a planted secret: ${planted}`);
    }
  } finally {
    await client.end();
  }
}

/** What is looked for, with what it is, each in lower case. */
function secretsOfThisFile(): [what: string, spelling: string][] {
  const answers = ANSWERS_SEEN.join('\n');
  const found = (expressions: RegExp[]): string[] =>
    [
      ...new Set(
        expressions.flatMap((expression) => [...answers.matchAll(expression)].map(([, text]) => text!)),
      ),
    ]
      .filter(isKept)
      .slice(-MOST);
  return [
    ...GIVEN.filter(isKept).flatMap((secret) =>
      spellings(secret).map((form): [string, string] => [`“${secret}”`, form]),
    ),
    ...found(MADE).flatMap((token) =>
      formsOf(Buffer.from(token)).map((form): [string, string] => ['a token', form]),
    ),
    ...found(SEEDS).flatMap((seed) => [
      ['a seed', seed.toLowerCase()] as [string, string],
      ...formsOf(bytesOfBase32(seed)).map((form): [string, string] => ['a seed', form]),
    ]),
  ];
}

function isKept(secret: string): boolean {
  return !SHOWN_ON_PURPOSE.has(secret);
}

/** As it is, and as a column or a document would hold its bytes. */
function formsOf(bytes: Buffer): string[] {
  const plain = /^[\x21-\x7e]+$/.test(bytes.toString('latin1')) ? [bytes.toString('latin1')] : [];
  const base64 = bytes.toString('base64').replace(/=+$/, '').slice(0, -1);
  return [...plain, bytes.toString('hex'), base64].map((form) => form.toLowerCase());
}

function bytesOfBase32(text: string): Buffer {
  const bits = [...text].map((digit) =>
    'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(digit).toString(2).padStart(5, '0'),
  );
  return Buffer.from((bits.join('').match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)));
}

function around(text: string, spelling: string): string {
  const at = text.indexOf(spelling);
  return text.slice(Math.max(0, at - 120), at + spelling.length + 40);
}
