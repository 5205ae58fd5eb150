import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SALLYPORT_VERSION } from '@sallyport/platform';
import pg from 'pg';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ChildServer } from '../support/child-server.js';
import { OperatorConsole } from '../support/operator-console.js';
import { ROOT_TOKEN } from '../support/sallyport.js';
import { expecting } from '../support/send.js';
import { PASSWORD, type Player, Stage } from '../support/stage.js';
import { databaseSettings } from '../support/test-server.js';

// Each command is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 120_000 });

const FRESH = 'lantern-quarry-mosaic-58';

let stage: Stage;
let folder: string;
let settings: Record<string, string>;
let operator: OperatorConsole;
let ada: Player;

beforeAll(async () => {
  stage = await Stage.open(1, { settings: { SALLYPORT_ENROLMENT_WINDOW: '7' } });
  folder = mkdtempSync(join(tmpdir(), 'sallyport-console-'));
  settings = {
    ...databaseSettings(stage.first.databaseUrl),
    SALLYPORT_MASTER_KEY_FILE: stage.first.masterKeyFile,
    SALLYPORT_DATA_DIR: folder,
    SALLYPORT_ENROLMENT_WINDOW: '7',
  };
  operator = new OperatorConsole(settings);
  ada = await stage.addProtected('ada');
});
afterAll(async () => {
  await stage.close();
  rmSync(folder, { recursive: true });
});

/** What the console wrote to the audit since the last look. */
let seen = 0;
async function acts(): Promise<string[]> {
  const rows = await stage.rows(
    `SELECT action FROM audit_events WHERE actor_name = 'operator' ORDER BY at, action`,
  );
  const fresh = rows.slice(seen).map(({ action }) => action as string);
  seen = rows.length;
  return fresh.toSorted();
}

it('S70 takes no password on the command line, and asks for none where nobody can type', async () => {
  const given = await operator.run(['admin', 'reset-password', 'ada', '--password', FRESH]);
  expect([given.code, given.words, given.errors]).toEqual([2, '', "error: unknown option '--password'\n"]);
  const none = await operator.run(['admin', 'reset-password', 'ada']);
  expect([none.code, none.errors]).toEqual([
    2,
    'sallyport: Say where the new password comes from: --generate, or --password-file FILE (- for standard input).\n',
  ]);
  expect(await acts()).toEqual([]);
});

it('S39 a password set by the operator opens, the old one and every session do not', async () => {
  const token = await stage.vaultToken(ada);
  const { code, data, errors } = await operator.run(
    ['admin', 'reset-password', 'ada', '--password-file', '-', '--json'],
    `${FRESH}\n`,
  );
  expect([code, errors, data]).toEqual([0, '', { user: 'ada', provider: 'local', enabled: true }]);
  await expecting(403, stage.vault().with(token).read('auth/token/lookup-self'));
  await expecting(400, stage.vault().logIn('ada', PASSWORD));
  await expecting(200, stage.vault().logIn('ada', FRESH));
  expect(await acts()).toEqual(['account.password-changed', 'account.unlocked']);
  await stage.rows(`UPDATE local_users SET disabled = true WHERE name = 'ada'`);
  const disabled = await operator.run(
    ['admin', 'reset-password', 'ada', '--password-file', '-', '--json'],
    FRESH,
  );
  expect(disabled.data).toEqual({ user: 'ada', provider: 'local', enabled: false });
  await stage.rows(`UPDATE local_users SET disabled = false WHERE name = 'ada'`);
  await acts();
});

it('S03 refuses a password the server would refuse, and changes nothing', async () => {
  const file = join(folder, 'password');
  writeFileSync(file, 'password123\n', { mode: 0o600 });
  const { code, errors } = await operator.run(['admin', 'reset-password', 'ada', '--password-file', file]);
  expect(code).toBe(1);
  expect(errors).toMatch(/^sallyport: password is too common\n$/);
  await expecting(200, stage.vault().logIn('ada', FRESH));
  expect(await acts()).toEqual([]);
});

it('a generated password of the administrator is shown once, and lets a disabled one in again', async () => {
  await stage.rows(`UPDATE local_users SET disabled = true WHERE name = 'admin'`);
  const { code, data } = await operator.run(['admin', 'reset-password', '--generate', '--enable', '--json']);
  expect([code, data]).toEqual([
    0,
    { user: 'admin', provider: 'local', enabled: true, password: expect.stringMatching(/^[\w-]{24}$/) },
  ]);
  await stage.appgate().final('admin', data.password);
  expect(await acts()).toEqual(['account.changed', 'account.password-changed', 'account.unlocked']);
  const everything = await stage.rows('SELECT e::text AS row FROM audit_events e');
  expect(JSON.stringify(everything)).not.toContain(data.password);
});

it('a name nobody has is said so', async () => {
  const { code, errors } = await operator.run(['admin', 'clear-throttle', 'nobody', '--json']);
  expect([code, errors]).toEqual([
    1,
    '{"error":{"code":"user-not-found","message":"There is no user nobody at the identity provider local."}}\n',
  ]);
});

it('S07 clear-throttle lets the right password in at once', async () => {
  for (let tries = 0; tries < 5; tries += 1) await stage.vault().logIn('ada', 'wrong-wrong-wrong');
  await expecting(403, stage.vault().logIn('ada', FRESH));
  await acts();
  expect((await operator.run(['admin', 'clear-throttle', 'ada'])).words).toBe(
    'ada may try passwords again, from everywhere.\n',
  );
  await expecting(200, stage.vault().logIn('ada', FRESH));
  expect(await acts()).toEqual(['account.unlocked']);
});

it('S63 a factor reset takes the authenticator, says why, and lets a new one be bound', async () => {
  expect((await operator.run(['mfa', 'reset', 'ada'])).code).toBe(2);
  for (const blank of ['', ' \t']) {
    const refused = await operator.run(['mfa', 'reset', 'ada', '--reason', blank]);
    expect([refused.code, refused.errors]).toEqual([2, expect.stringContaining('It must not be blank.')]);
  }
  const { data } = await operator.run(['mfa', 'reset', 'ada', '--reason', 'phone lost', '--json']);
  expect(data).toEqual({ user: 'ada', provider: 'local', reset: ['default'] });
  expect(await stage.rows('SELECT 1 FROM totp_enrollments WHERE principal_id = $1', [ada.entityId])).toEqual(
    [],
  );
  expect(
    await stage.rows(
      `SELECT kind, reason, actor_name FROM factor_history WHERE principal_id = $1 AND kind = 'reset'`,
      [ada.entityId],
    ),
  ).toEqual([{ kind: 'reset', reason: 'phone lost', actor_name: 'operator' }]);
  expect(await acts()).toEqual(['enrollment.removed', 'enrollment.window-reopened']);
});

it('S60 the console reopens a window that is over, once', async () => {
  await stage.addUser('late');
  await stage.rows(`UPDATE local_users SET created_at = created_at - interval '8 days' WHERE name = 'late'`);
  const open = async () => {
    const [row] = await stage.rows(
      `SELECT p.enrolment_reopened_at IS NOT NULL AS open FROM principals p JOIN accounts a ON a.principal_id = p.id WHERE a.name = 'late'`,
    );
    return row!['open'];
  };
  expect(await open()).toBe(false);
  expect((await operator.run(['mfa', 'reopen-enrolment', 'late', '--json'])).data).toEqual({
    user: 'late',
    provider: 'local',
    reopened: true,
  });
  expect(await open()).toBe(true);
  expect(await acts()).toEqual(['enrollment.window-reopened']);
});

it('S40 revoke-all ends every token of both dialects and every unfinished sign-in; a new root token begins again', async () => {
  await expecting(200, stage.root.read('auth/token/lookup-self'));
  const administrator = await stage
    .appgate()
    .final('admin', (await operator.run(['admin', 'reset-password', '--generate', '--json'])).data.password);
  await acts();
  expect((await operator.run(['tokens', 'revoke-all'])).code).toBe(0);
  await expecting(403, stage.root.read('auth/token/lookup-self'));
  await expecting(401, administrator.get('/local-users'));
  expect(await stage.rows('SELECT 1 FROM sign_ins')).toEqual([]);
  const { data } = await operator.run(['tokens', 'issue-root', '--json']);
  expect(data.token).toMatch(/^hvs\.[0-9A-Za-z]{43}$/);
  await expecting(200, stage.vault().with(data.token).read('sys/auth'));
  expect(await acts()).toEqual(['token.all-revoked', 'token.issued']);
  expect(data.token).not.toBe(ROOT_TOKEN);
});

it('S78 audit export writes a file of its own, and is an event itself', async () => {
  await acts();
  const file = join(folder, 'audit.csv');
  const { code, words } = await operator.run(['audit', 'export', '--format', 'csv', '--output', file]);
  expect([code, words]).toEqual([0, '']);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).toMatch(/^id,number,at,action,/);
  expect((await operator.run(['audit', 'export', '--output', file])).code).toBe(1);
  const lines = (await operator.run(['audit', 'export'])).words.trim().split('\n');
  expect(lines.map((line) => JSON.parse(line).action)).toContain('installation.made');
  expect(await acts()).toEqual(['audit.exported', 'audit.exported']);
  expect((await operator.run(['audit', 'export', '--since', 'yesterday'])).code).toBe(2);
});

it('S78 a file that cannot be had is no trouble of the database: the option is named, nothing is done', async () => {
  await acts();
  const told = async (...args: string[]) => {
    const { code, errors } = await operator.run(['audit', ...args]);
    return [code, errors];
  };
  expect(await told('verify', '--checkpoints', join(folder, 'none'))).toEqual([
    2,
    'sallyport: --checkpoints: the file cannot be read (ENOENT).\n',
  ]);
  expect(await told('export', '--output', join(folder, 'none/audit.csv'))).toEqual([
    2,
    'sallyport: --output: the file cannot be made (ENOENT).\n',
  ]);
  expect(await told('export', '--output', join(folder, 'audit.csv'))).toEqual([
    1,
    'sallyport: --output: there is such a file already.\n',
  ]);
  const lost = new OperatorConsole({
    ...settings,
    SALLYPORT_MIGRATION_DATABASE_URL: 'postgres://127.0.0.1:1/x',
  });
  const fresh = join(folder, 'fresh.csv');
  expect((await lost.run(['audit', 'export', '--output', fresh])).code).toBe(4);
  expect(existsSync(fresh)).toBe(false);
  expect(await acts()).toEqual([]);
});

it('audit export ends without a word where nobody reads any further', async () => {
  const child = operator.launch(['audit', 'export']);
  let errors = '';
  child.stderr!.on('data', (chunk) => (errors += chunk));
  child.stdout!.destroy();
  const [code] = (await once(child, 'exit')) as [number | null];
  expect([code, errors]).toEqual([1, '']);
});

it('doctor finds nothing wrong here, and says of each thing that is wrong how to mend it', async () => {
  const healthy = await operator.run(['doctor', '--json']);
  // The tests' own PostgreSQL gives up durability.
  const states = Object.fromEntries(healthy.data.findings.map(({ check, state }: any) => [check, state]));
  expect(states).toMatchObject({ settings: 'ok', clock: 'ok', schema: 'ok', keys: 'ok' });
  const durability = healthy.data.findings
    .filter(({ check }: any) => check === 'database')
    .map(({ message }: any) => message);
  expect([healthy.code, durability.join('\n')]).toEqual([1, expect.stringContaining('fsync is off')]);
  const accepted = new OperatorConsole({
    ...settings,
    SALLYPORT_ACCEPT_UNSAFE_DATABASE: 'fsync,full_page_writes,synchronous_commit',
  });
  expect((await accepted.run(['doctor', '--json'])).data.healthy).toBe(true);
  const wrongKey = join(folder, 'wrong.key');
  writeFileSync(wrongKey, `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  const cases: [Record<string, string>, object][] = [
    [
      { PORT: 'seven' },
      { check: 'settings', message: 'PORT: must be a port number from 0 to 65535, or off' },
    ],
    [
      { SALLYPORT_MASTER_KEY_FILE: wrongKey },
      { check: 'keys', message: 'the master key does not open the data keys of this database' },
    ],
    [
      { SALLYPORT_MASTER_KEY_FILE: join(folder, 'none') },
      { check: 'keys', message: 'SALLYPORT_MASTER_KEY_FILE: the file cannot be read' },
    ],
    [
      { DATABASE_URL: 'postgres://127.0.0.1:1/x', SALLYPORT_MIGRATION_DATABASE_URL: '' },
      { check: 'database', message: 'it does not answer (ECONNREFUSED)' },
    ],
    [
      { TLS_CERT_FILE: wrongKey, TLS_KEY_FILE: wrongKey },
      { check: 'TLS', message: 'the certificate or its key is not PEM' },
    ],
    [
      { SALLYPORT_BREACHED_PASSWORDS_FILE: join(folder, 'none') },
      { check: 'files', message: 'SALLYPORT_BREACHED_PASSWORDS_FILE: the file cannot be read (ENOENT)' },
    ],
    [
      { SALLYPORT_BREACHED_PASSWORDS_FILE: wrongKey },
      {
        check: 'files',
        message: 'SALLYPORT_BREACHED_PASSWORDS_FILE: the file does not begin with a SHA-1 in hex',
      },
    ],
    [
      { SALLYPORT_AUDIT_CHECKPOINT_FILE: join(folder, 'none/checkpoints.jsonl') },
      { check: 'files', message: 'SALLYPORT_AUDIT_CHECKPOINT_FILE: the file cannot be written (ENOENT)' },
    ],
    [
      { SALLYPORT_AUDIT_CHECKPOINT_FILE: folder },
      {
        check: 'files',
        message: 'SALLYPORT_AUDIT_CHECKPOINT_FILE: must be a file, and there is a folder in its place',
      },
    ],
    [
      {
        DATABASE_URL: '',
        SALLYPORT_MIGRATION_DATABASE_URL: '',
        SALLYPORT_MASTER_KEY_FILE: '',
        SALLYPORT_DATA_DIR: wrongKey,
      },
      {
        check: 'database',
        message: 'SALLYPORT_DATA_DIR: must be a folder, and there is a file in its place',
      },
    ],
  ];
  for (const [change, finding] of cases) {
    const { code, data } = await new OperatorConsole({ ...settings, ...change }).run(['doctor', '--json']);
    expect(code).toBe(1);
    expect(data.findings).toContainEqual({ ...finding, state: 'wrong', remedy: expect.any(String) });
  }
});

it('S96 doctor says whether the server has a role of its own, and what that may do too much or too little', async () => {
  const roles = async (change: Record<string, string> = {}) => {
    const { data } = await new OperatorConsole({ ...settings, ...change }).run(['doctor', '--json']);
    return data.findings
      .filter(({ check }: any) => check === 'roles')
      .map(({ state, message }: any) => [state, message]);
  };
  // Grants on the database itself are no part of the copy a test is given.
  await operator.run(['migrate']);
  const fine = [['ok', 'the server works as sallyport_server, which may do what it must and no more']];
  expect(await roles()).toEqual(fine);
  expect(await roles({ SALLYPORT_MIGRATION_DATABASE_URL: '' })).toEqual(fine);
  const owner = { DATABASE_URL: stage.first.databaseUrl, SALLYPORT_MIGRATION_DATABASE_URL: '' };
  expect(await roles(owner)).toEqual([
    ['warning', 'the server works as the role that owns its tables (no role was made for the server)'],
  ]);
  await stage.rows('GRANT DELETE ON audit_events TO sallyport_server');
  await stage.rows('REVOKE INSERT ON tokens FROM sallyport_server');
  expect(await roles()).toEqual([
    ['wrong', 'the role sallyport_server lacks INSERT on tokens'],
    ['warning', 'the role sallyport_server has DELETE on audit_events'],
  ]);
  expect((await operator.run(['migrate', '--json'])).data).toEqual({ migrated: [] });
  expect(await roles()).toEqual(fine);
  // As after a restore: grants on the database itself are in no dump.
  const [{ name }] = (await stage.rows('SELECT current_database() AS name')) as [{ name: string }];
  await stage.rows(`GRANT TEMPORARY ON DATABASE ${name} TO PUBLIC`);
  const { words } = await operator.run(['doctor']);
  expect(words).toMatch(/has TEMPORARY[^\n]*\n +Run `sallyport migrate` as the owner/);
  await operator.run(['migrate']);
  expect(await roles()).toEqual(fine);
});

it('S96 what is more than the server may do is refused to the console that has only the role of the server', async () => {
  const small = new OperatorConsole({ ...settings, SALLYPORT_MIGRATION_DATABASE_URL: '' });
  const refused = await small.run(['keys', 'rotate']);
  expect([refused.code, refused.errors]).toEqual([
    1,
    'sallyport: The role in DATABASE_URL may not do this: name the role that owns the tables in SALLYPORT_MIGRATION_DATABASE_URL.\n',
  ]);
});

it('S96 a server that works as the owner, who can make no role for it, says so when it starts', async () => {
  const server = await ChildServer.start(join(folder, 'owner'), {
    ...settings,
    DATABASE_URL: stage.first.databaseUrl,
    SALLYPORT_MIGRATION_DATABASE_URL: '',
  });
  server.signal('SIGINT');
  expect(await server.ended()).toBe(0);
  expect(server.words).toContain(
    'the server works as the role that owns its tables (permission denied to create role)',
  );
}, 60_000);

it('says with its exit code what kind of trouble there is', async () => {
  const lost = new OperatorConsole({
    ...settings,
    DATABASE_URL: 'postgres://127.0.0.1:1/x',
    SALLYPORT_MIGRATION_DATABASE_URL: '',
  });
  expect([(await lost.run(['keys', 'list'])).code, (await lost.run(['nonsense'])).code]).toEqual([4, 2]);
  const unset = await new OperatorConsole({ DATABASE_URL: 'postgres://127.0.0.1/x' }).run(['keys', 'list']);
  expect([unset.code, unset.errors]).toEqual([
    3,
    'sallyport: SALLYPORT_MASTER_KEY_FILE: is required with DATABASE_URL: the key is never made beside a database that exists\n',
  ]);
  const nowhere = await new OperatorConsole({ SALLYPORT_DATA_DIR: join(folder, 'nowhere') }).run([
    'keys',
    'list',
  ]);
  expect(nowhere.code).toBe(3);
  expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  const { code, words } = await operator.run(['--version']);
  expect([code, words]).toEqual([0, `${SALLYPORT_VERSION}\n`]);
  expect((await operator.run(['--help'])).words).toContain('Exit codes: 0 done');
});

it('S96 migrate brings an empty database up, does nothing to one that is, and S67 nothing under a wrong master key', async () => {
  expect((await operator.run(['migrate', '--json'])).data).toEqual({ migrated: [] });
  const name = `empty_${process.pid}`;
  const database = new URL(stage.first.databaseUrl.replace('@/', '@socket/'));
  const superuser = new pg.Client({
    host: database.searchParams.get('host')!,
    user: 'postgres',
    database: 'postgres',
  });
  await superuser.connect();
  try {
    await superuser.query(`CREATE DATABASE ${name} OWNER sallyport`);
    const url = stage.first.databaseUrl.replace(/\/test_\w+/, `/${name}`);
    const empty = new OperatorConsole({ ...settings, ...databaseSettings(url) });
    expect((await empty.run(['keys', 'list'])).errors).toBe(
      'sallyport: The database is of an older version: run `sallyport migrate` first.\n',
    );
    const { code, data } = await empty.run(['migrate', '--json']);
    expect([code, data.migrated[0]]).toEqual([0, 'Foundation1763700000000']);
    expect((await empty.run(['migrate', '--json'])).data).toEqual({ migrated: [] });
  } finally {
    await superuser.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await superuser.end();
  }
}, 60_000);

it('S76 audit verify says that everything is as it was written, and S74 names a forged row', async () => {
  const whole = await operator.run(['audit', 'verify', '--json']);
  expect([whole.code, whole.errors]).toEqual([0, '']);
  expect(whole.data).toMatchObject({ intact: true, problems: [] });
  await stage.rows(
    `INSERT INTO audit_events (id, at, action, outcome, actor_name, detail) VALUES (gen_random_uuid(), now(), 'token.issued', 'success', 'nobody', '{}')`,
  );
  const forged = await operator.run(['audit', 'verify', '--json']);
  expect(forged.code).toBe(1);
  expect(forged.data.problems.length).toBe(1);
});
