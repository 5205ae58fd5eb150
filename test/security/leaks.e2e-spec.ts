import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';
import { ScureBase32Plugin } from 'otplib';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { ChildServer } from '../support/child-server.js';
import { dump, failOn } from '../support/faults.js';
import { OperatorConsole } from '../support/operator-console.js';
import { sendRaw } from '../support/raw-socket.js';
import { send } from '../support/send.js';
import { signInEveryWay, walkWithFaults } from './leak-acts.js';
import { leaksIn, madeLeaksIn, plant, spellings } from './leak-marks.js';
import { answers, closeScene, codes, made, openScene, scene } from './leak-scene.js';
import { walkAsNobody, walkPaths, walkWithToken } from './leak-walk.js';

// A database is made, and every route is called many times.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

beforeAll(openScene);
afterAll(closeScene);

/** What /v1 says of the very path it was called with (vault.md §1, §7, §12). */
const SAYS_ITS_PATH =
  /(no handler for route|No auth engine at|No secret engine mount at|cannot fetch sysview for path|grant access to path|policy name was converted to) (\\"[^"]*\\"|[^\s"]+)/g;

/** The token that was made or asked about is what the caller wants to know (vault.md §9). */
const SHOWS_A_TOKEN = /^POST \/v1\/auth\/token\/create|^(GET|POST) \/v1\/auth\/token\/(lookup|renew)/;

it('the search finds a secret in every spelling and at every alignment', () => {
  for (const before of ['', 'a', 'ab', 'abc', 'abcd']) {
    const text = `${before}${plant('control')}`;
    const bytes = Buffer.from(text);
    const escaped = [...bytes].map((byte) => `%${byte.toString(16)}`).join('');
    for (const encoding of ['utf8', 'hex', 'base64', 'base64url'] as const)
      expect(leaksIn(bytes.toString(encoding))).not.toEqual([]);
    for (const written of [
      new ScureBase32Plugin().encode(bytes),
      JSON.stringify(bytes),
      escaped,
      inspect(bytes),
    ])
      expect([written, leaksIn(written).length]).toEqual([written, 1]);
  }
  expect(
    madeLeaksIn(`x${spellings('secret-of-the-server').at(-1)}`, new Map([['secret-of-the-server', 'it']])),
  ).toHaveLength(1);
});

it('S70 planted secrets are in no line of the log and in no answer, at the level trace, on every route, valid and broken, and with forced faults', async () => {
  await walkAsNobody();
  await walkWithToken();
  await walkPaths();
  await signInEveryWay();
  await walkWithFaults();
  expect(answers.length).toBeGreaterThan(2_000);
  expect(answers.filter(({ answer }) => answer.status >= 500).length).toBeGreaterThan(100);
  expect(
    answers.filter(({ what, answer }) => what.includes('valid') && answer.status < 300).length,
  ).toBeGreaterThan(60);
  expect(scene.server.words).toContain('planted fault');
  expect([...leaksIn(scene.server.words), ...madeLeaksIn(scene.server.words, made)]).toEqual([]);
  for (const code of codes) expect(scene.server.words).not.toMatch(asWord(code));
  const shown = answers
    .filter(({ what }) => !SHOWS_A_TOKEN.test(what))
    .flatMap(({ what, answer: { status, headers, text } }) =>
      leaksIn(`${JSON.stringify(headers)}\n${text.replaceAll(SAYS_ITS_PATH, '')}`).map(
        (leak) => `${what} ${status}: ${leak}`,
      ),
    );
  expect([...new Set(shown)]).toEqual([]);
});

/** Digits that are not part of a longer number, of a time or of bytes in hex. */
function asWord(code: string): RegExp {
  return new RegExp(`(?<![0-9a-f.])${code}(?![0-9a-f])`);
}

it('S70 S97 metrics, health in detail and traces of all of it hold none either, and no name', async () => {
  const told = /http:\/\/127\.0\.0\.1:\d+(?=\/metrics)/.exec(scene.server.words)![0];
  const [metrics, health] = await Promise.all(
    ['metrics', 'health'].map((page) => send({ method: 'GET', url: `${told}/${page}` })),
  );
  expect(metrics!.text).toContain('route="/v1/auth/:mount/login/:username",status="503"');
  const spans = await sentSpans();
  expect(scene.server.words).toContain('"message":"POST /v1/auth/:mount/login/:username 200 ');
  for (const text of [metrics!.text, health!.text, spans]) {
    expect([...leaksIn(text), ...madeLeaksIn(text, made)]).toEqual([]);
    for (const code of codes) expect(text).not.toMatch(asWord(code));
    expect(text).not.toMatch(/\b(walker|target object|walked)\b/);
  }
});

/** Everything the collector was sent, once it has come. */
async function sentSpans(): Promise<string> {
  const { collector } = scene;
  for (let known = -1; known !== collector.bodies.length; await pause(6_000)) known = collector.bodies.length;
  const text = Buffer.concat(collector.bodies).toString('latin1');
  expect(collector.spans.length).toBeGreaterThan(2_000);
  expect(text).toContain('POST /v1/auth/:mount/login/:username');
  return text;
}

it('S69 a dump of the database and what goes out to the sinks hold no secret as it is', async () => {
  const tables = await dump(scene.stage.first.database);
  expect(tables.size).toBeGreaterThan(40);
  const running = await scene.stage.rows('SELECT query FROM pg_stat_activity');
  tables.set('the statements that ran last', JSON.stringify(running));
  tables.set('the sink file', readFileSync(join(scene.folder, 'audit.jsonl'), 'utf8'));
  const found: string[] = [];
  for (const [table, rows] of tables) {
    for (const leak of [...leaksIn(rows), ...madeLeaksIn(rows, made)]) found.push(`${table}: ${leak}`);
    for (const code of codes) if (asWord(code).test(rows)) found.push(`${table}: a code`);
  }
  expect(found).toEqual([]);
});

it('S70 no process of the server shows a secret in its arguments, and none it starts has one in its environment', () => {
  const children = processesUnder(scene.server.pid);
  expect(children.length).toBeGreaterThan(3);
  for (const pid of [scene.server.pid, ...children]) {
    const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'latin1').replaceAll('\0', ' ');
    const shown = `${read('cmdline')}\n${read('comm')}${pid === scene.server.pid ? '' : `\n${read('environ')}`}`;
    expect([pid, ...leaksIn(shown), ...madeLeaksIn(shown, made)]).toEqual([pid]);
  }
});

function processesUnder(parent: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const [, , ppid] = readFileSync(`/proc/${name}/stat`, 'latin1')
        .replace(/^.*\) /s, '0 ')
        .split(' ');
      parents.set(Number(name), Number(ppid));
    } catch {
      // It has just ended.
    }
  }
  const under = (pid: number): number[] =>
    [...parents].filter(([, ppid]) => ppid === pid).flatMap(([child]) => [child, ...under(child)]);
  return under(parent);
}

it('S70 a server or console that does not start says no secret of its settings', async () => {
  const keyFile = join(scene.folder, 'unfit.key');
  writeFileSync(keyFile, `${plant('master-key')}\n`, { mode: 0o600 });
  const SALLYPORT_MASTER_KEY_FILE = join(scene.folder, 'master.key');
  const wrong: Record<string, string>[] = [
    {
      SALLYPORT_ROOT_TOKEN: `${plant('root-token')} and more`,
      OTEL_EXPORTER_OTLP_HEADERS: plant('collector'),
      OTEL_EXPORTER_OTLP_ENDPOINT: `user:${plant('collector')}@127.0.0.1`,
    },
    { SALLYPORT_ADMIN_PASSWORD: plant('a'), SALLYPORT_ADMIN_PASSWORD_FILE: plant('b') },
    { SALLYPORT_AUDIT_WEBHOOK_TOKEN: `${plant('webhook')} and more` },
    { SALLYPORT_AUDIT_WEBHOOK_URL: `http://user:${plant('webhook')}@127.0.0.1/` },
    { SALLYPORT_OUTGOING_ALLOW: `https://user:${plant('outgoing')}@127.0.0.1` },
    { DATABASE_URL: `mysql://user:${plant('database')}@127.0.0.1/x`, SALLYPORT_MASTER_KEY_FILE },
    { DATABASE_URL: `postgres://user:${plant('database')}@127.0.0.1:1/x`, SALLYPORT_MASTER_KEY_FILE },
    { DATABASE_URL: `postgres://user:${plant('database')}@127.0.0.1:99999/x`, SALLYPORT_MASTER_KEY_FILE },
    { DATABASE_URL: 'postgres://127.0.0.1:1/x', SALLYPORT_MASTER_KEY_FILE: keyFile },
  ];
  for (const settings of wrong) {
    const elsewhere = join(scene.folder, 'elsewhere');
    const given = { SALLYPORT_DATA_DIR: elsewhere, SALLYPORT_LOG_LEVEL: 'trace', ...settings };
    // The console reads its settings as the server does; what it makes of a database is its own.
    const console = 'DATABASE_URL' in settings ? new OperatorConsole(given).run(['doctor']) : undefined;
    const [server, told] = await Promise.all([ChildServer.refusal(elsewhere, given), console]);
    expect([settings, server.code]).toEqual([settings, 1]);
    expect(server.words).toContain('cannot start');
    expect(leaksIn(`${server.words}\n${told?.words}\n${told?.errors}`)).toEqual([]);
  }
});

/** What would begin a line of its own, colour a terminal, end a text, or be no text. */
const HOSTILE = [
  'a\r\n{"level":"log","message":"FORGED"}',
  'a\u001b[2J\u001b[31mFORGED',
  'a\u0000FORGED',
  'a\u2028FORGED',
  'a\ud800FORGED',
];

it('S77 line ends, escape sequences and NUL in names and headers make one record each in the log', async () => {
  const mend = await failOn(scene.stage.first.database, 'audit_events', ['INSERT']);
  const before = scene.server.words.length;
  for (const text of HOSTILE) {
    const inPath = encodeURIComponent(text.replace('\ud800', '\ufffd'));
    await scene.stage.appgate().logIn(text, 'nothing');
    await scene.stage.root.write('auth/token/roles/hostile', { name: text, allowed_policies: text });
    await scene.stage.root.write(`auth/token/roles/${inPath}`, {});
    await scene.stage.root.write(`auth/userpass/login/${inPath}`, { password: 'nothing' });
    await scene.admin.post('/administrative-roles', { name: text, privileges: [] });
    await scene.admin.post('/mfa-providers/test', {
      type: 'Radius',
      hostnames: [text],
      port: 9,
      sharedSecret: 's',
    });
    await scene.admin.get(`/local-users/${inPath}?query=${inPath}`);
    for (const line of [
      'GET /healthz HTTP/1.1',
      'POST /v1/auth/token/roles/x HTTP/1.1',
      `GET /${text} HTTP/1.1`,
    ])
      await sendRaw(
        scene.server.url,
        `${line}\r\nhost: localhost\r\nuser-agent: ${text}\r\nx-vault-token: ${text}\r\n\r\n`,
        50,
      );
  }
  await mend();
  const lines = scene.server.words
    .slice(before)
    .split('\n')
    .filter((line) => line !== '');
  expect(lines.length).toBeGreaterThan(5);
  for (const line of lines) {
    const record = JSON.parse(line) as { level: string; message: string };
    expect([Object.keys(record), record.message]).toEqual([
      expect.arrayContaining(['level', 'pid', 'timestamp', 'message']),
      expect.not.stringMatching(/^FORGED/),
    ]);
    // eslint-disable-next-line no-control-regex
    expect(line).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
  }
});
