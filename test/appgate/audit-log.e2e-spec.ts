import { randomUUID } from 'node:crypto';
import { AuditService, SERVER } from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { beforeAll, describe, expect, it } from 'vitest';
import { wireTime } from '../../apps/server/src/appgate/wire/wire-time.js';
import { ACCEPT } from '../support/appgate-client.js';
import { type Answer, send } from '../support/send.js';
import type { AdminClient } from './admin-client.js';
import { withServer } from './scene.js';

const server = withServer();
const ODD = 'a\r\n=cmd()|"x",\u001b[31mred\u0085\u2028\u202e\\n';
/** As Postgres keeps it: NUL and lone surrogates stand for nothing. */
const SENT = `=1+1${ODD}\0\ud800`;
const KEPT = `=1+1${ODD}\ufffd\ufffd`;

let reader: AdminClient;
let began: Date;

beforeAll(async () => {
  reader = await server.userWith('auditor', [{ type: 'View', target: 'AuditLog' }]);
  server.advance(10);
  began = server.sallyport.clock.now();
  for (let index = 0; index < 5; index += 1) {
    server.advance(1);
    await record({ ...SERVER, name: index === 3 ? SENT : `writer ${index}` }, `object-${index}`);
  }
  server.advance(1);
});

async function record(actor: typeof SERVER, id: string, length = 1 << 20): Promise<void> {
  const { app } = server.sallyport;
  await app.get(AuditService, { strict: false }).record(app.get(Database, { strict: false }), actor, {
    action: 'tag.created',
    outcome: 'success',
    object: { type: 'tag', id },
    detail: { id, long: 'x'.repeat(length) },
    before: null,
    after: { notes: id },
  });
}

const PATH = '/sallyport/audit-events';
const since = () => `since=${encodeURIComponent(began.toISOString())}`;

function download(query: string, client = reader): Promise<Answer> {
  return send({
    method: 'GET',
    url: `${server.sallyport.url}/admin${PATH}/export?${query}`,
    headers: { accept: ACCEPT, authorization: `Bearer ${client.token}` },
  });
}

describe('GET /sallyport/audit-events', () => {
  it('S73 answers events in the list envelope, newest first, every field', async () => {
    const answer = await reader.get(`${PATH}?${since()}&action=tag.created&range=0-1`);
    expect(answer.status).toBe(200);
    const { data, ...envelope } = answer.body;
    expect(envelope).toMatchObject({
      range: '0-1/5',
      orderBy: 'at',
      descending: true,
      queries: [],
      filterBy: [{ name: 'action', value: 'tag.created' }],
    });
    expect(data.map(({ objectId }: { objectId: string }) => objectId)).toEqual(['object-4', 'object-3']);
    const [row] = await server.rows<{ id: string }>(
      `SELECT id FROM audit_events WHERE object_id = 'object-4'`,
    );
    expect({ ...data[0], number: null }).toEqual({
      id: row!.id,
      number: null,
      at: wireTime(new Date(began.getTime() + 5_000)),
      action: 'tag.created',
      outcome: 'success',
      actorPrincipalId: null,
      actorAccountId: null,
      actorName: 'writer 4',
      tokenAccessor: null,
      clientAddress: null,
      requestId: null,
      objectType: 'tag',
      objectId: 'object-4',
      detail: { id: 'object-4', long: 'x'.repeat(10_000), before: null, after: { notes: 'object-4' } },
    });
  });

  it('orders, searches and filters by its fields, and knows no other', async () => {
    const ordered = await reader.get(
      `${PATH}?${since()}&action=tag.created&orderBy=objectId&descending=false`,
    );
    expect(ordered.body.data.map(({ objectId }: { objectId: string }) => objectId)).toEqual(
      [0, 1, 2, 3, 4].map((index) => `object-${index}`),
    );
    const searched = await reader.get(`${PATH}?query=WRITER%204&query=tag`);
    expect(searched.body.data.map(({ objectId }: { objectId: string }) => objectId)).toEqual(['object-4']);
    expect((await reader.get(`${PATH}?outcome=SUCC&objectId=object-2`)).body.data).toHaveLength(1);
    expect((await reader.get(`${PATH}?clientAddress=203.0.113.1`)).body.data).toEqual([]);
    const unknown = await reader.get(`${PATH}?orderBy=detail`);
    expect([unknown.status, unknown.body.errors[0].field]).toEqual([422, 'orderBy']);
  });

  it('keeps to a period', async () => {
    const until = encodeURIComponent(new Date(began.getTime() + 3_000).toISOString());
    const { body } = await reader.get(`${PATH}?${since()}&until=${until}`);
    expect(body.data.map(({ objectId }: { objectId: string }) => objectId)).toEqual(['object-1', 'object-0']);
    expect(body.totalCount).toBe(2);
    for (const wrong of ['yesterday', '2026-01-01', '2026-13-01T00:00:00Z', '', "2026-01-01T00:00:00Z'--"]) {
      const answer = await reader.get(`${PATH}?since=${encodeURIComponent(wrong)}`);
      expect([wrong, answer.status, answer.body.errors]).toEqual([
        wrong,
        422,
        [{ field: 'since', message: 'must be a time of RFC 3339' }],
      ]);
    }
  });

  it('counts all there is without counting it, and gives a thousand at most', async () => {
    const { body } = await reader.get(PATH);
    const [known] = await server.rows<{ count: number }>('SELECT count(*)::int AS count FROM audit_events');
    expect(body.totalCount).toBe(known!.count);
    expect(body.range).toBe(`0-${known!.count}/${known!.count}`);
    const wide = await reader.get(`${PATH}?range=0-1000`);
    expect([wide.status, wide.body.errors]).toEqual([
      422,
      [{ field: 'range', message: 'may span at most 1000 items' }],
    ]);
    expect((await reader.get(`${PATH}?range=5000-5999`)).body.data).toEqual([]);
  });

  it('S78 reading and exporting take View of AuditLog, nothing less', async () => {
    const other = await server.userWith('no-auditor', [
      { type: 'View', target: 'AdminMessage' },
      { type: 'Export', target: 'All', scope: { all: true } },
    ]);
    for (const path of [PATH, `${PATH}/export`]) {
      expect((await other.get(path)).status).toBe(403);
      expect((await server.client.get(path)).status).toBe(401);
      expect((await (await server.administrator()).get(`${PATH}?range=0-0`)).status).toBe(200);
    }
  });

  it('S78 reading and exporting each leave an event with what was asked', async () => {
    server.advance(1);
    const from = server.sallyport.clock.now();
    await reader.get(`${PATH}?query=needle&action=token&range=0-3`);
    await download('format=csv');
    const rows = await server.rows(
      `SELECT action, actor_name, detail FROM audit_events WHERE at >= $1 AND action LIKE 'audit.%' ORDER BY action DESC`,
      [from],
    );
    expect(rows).toEqual([
      {
        action: 'audit.read',
        actor_name: 'auditor',
        detail: {
          since: null,
          until: null,
          queries: ['needle'],
          filters: [{ name: 'action', value: 'token' }],
          range: { from: 0, to: 3 },
        },
      },
      {
        action: 'audit.exported',
        actor_name: 'auditor',
        detail: { since: null, until: null, format: 'csv' },
      },
    ]);
  });

  it('S78 nothing is answered where the reading cannot be written down', async () => {
    await server.rows(
      `ALTER TABLE audit_events ADD CONSTRAINT full_disk CHECK (action NOT LIKE 'audit.%') NOT VALID`,
    );
    try {
      for (const path of [PATH, `${PATH}/export`]) expect((await reader.get(path)).status).toBe(503);
    } finally {
      await server.rows('ALTER TABLE audit_events DROP CONSTRAINT full_disk');
    }
  });
});

it('S78 no route takes the name of a file, prefix, template or sink of the audit', async () => {
  const answer = await send({ method: 'GET', url: `${server.sallyport.url}/docs/openapi.json` });
  const named = new Set<string>();
  const collect = (node: any): void => {
    if (typeof node !== 'object' || node === null) return;
    if (typeof node.properties === 'object') for (const name of Object.keys(node.properties)) named.add(name);
    if (typeof node.name === 'string' && typeof node.in === 'string') named.add(node.name);
    for (const part of Object.values(node)) collect(part);
  };
  collect(answer.body);
  expect(named.size).toBeGreaterThan(200);
  const telling = /file(?!s|S)|prefix|template|sink|webhook|checkpoint|syslog/i;
  // The content of PingID's settings, not a place.
  expect([...named].filter((name) => telling.test(name) && !/[pP]rofile/.test(name))).toEqual([
    'settings_file_base64',
  ]);
});

it('S78 settings keep no place of the audit, whatever is sent', async () => {
  const admin = await server.administrator();
  const { body: before } = await admin.get('/global-settings');
  const planted = {
    auditCheckpointFile: '/etc/planted',
    auditLogPath: '../planted',
    logPrefix: '{{planted}}',
  };
  expect((await admin.put('/global-settings', { ...before, ...planted })).status).toBe(204);
  expect((await admin.get('/global-settings')).body).toEqual(before);
  const mode = await admin.put('/global-settings', { ...before, auditLogPersistenceMode: '/etc/planted' });
  expect(mode.status).toBe(422);
  expect(await server.rows(`SELECT 1 FROM global_settings g WHERE g::text LIKE '%planted%'`)).toEqual([]);
});

describe('GET /sallyport/audit-events/export', () => {
  it('S77 is one line of JSON for one event, whatever stands in it, and re-reads as what was kept', async () => {
    const answer = await download(since());
    expect([answer.status, answer.headers['content-type'], answer.headers['content-disposition']]).toEqual([
      200,
      'application/x-ndjson',
      'attachment; filename="audit-events.jsonl"',
    ]);
    expect(answer.text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u2028\u202e]/);
    const events = answer.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.slice(0, 5).map(({ objectId }) => objectId)).toEqual(
      [0, 1, 2, 3, 4].map((n) => `object-${n}`),
    );
    expect(events[3].actorName).toBe(KEPT);
  });

  it('S77 is one line of CSV for one event, guarded against formulas, and re-reads as what was kept', async () => {
    const answer = await download(`format=csv&${since()}`);
    expect([answer.status, answer.headers['content-type']]).toEqual([200, 'text/csv; charset=utf-8']);
    const lines = answer.text.split('\r\n');
    expect(lines[0]).toBe(
      'id,number,at,action,outcome,actorPrincipalId,actorAccountId,actorName,tokenAccessor,clientAddress,requestId,objectType,objectId,detail',
    );
    expect(lines.at(-1)).toBe('');
    const records = lines.slice(1, 6).map(cellsOf);
    expect(records.map((cells) => cells.length)).toEqual([14, 14, 14, 14, 14]);
    expect(records.map((cells) => cells[12])).toEqual([0, 1, 2, 3, 4].map((n) => `object-${n}`));
    const name = records[3]![7]!;
    expect(name.startsWith("'=1+1a\\u000d\\u000a=cmd()")).toBe(true);
    const unescaped = name
      .slice(1)
      .replace(/\\(\\|u([0-9a-f]{4}))/g, (_, what: string, code: string) =>
        what === '\\' ? '\\' : String.fromCharCode(parseInt(code, 16)),
      );
    expect(unescaped).toBe(KEPT);
    expect(JSON.parse(records[2]![13]!)).toEqual({
      id: 'object-2',
      long: 'x'.repeat(10_000),
      before: null,
      after: { notes: 'object-2' },
    });
  });

  it('knows two formats', async () => {
    const answer = await reader.get(`${PATH}/export?format=xml`);
    expect([answer.status, answer.body.errors]).toEqual([
      422,
      [{ field: 'format', message: 'must be one of [jsonl, csv]' }],
    ]);
  });

  it('brings everything of a period, over many pages, and no event twice', async () => {
    server.advance(100);
    const from = server.sallyport.clock.now();
    const ids = Array.from({ length: 2_345 }, () => randomUUID());
    for (let index = 0; index < ids.length; index += 1) await record(SERVER, ids[index]!, 1);
    server.advance(1);
    const answer = await download(`since=${encodeURIComponent(from.toISOString())}`);
    const found = answer.text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { objectId: string }).objectId);
    expect(found.toSorted()).toEqual(ids.toSorted());
  }, 60_000);
});

/** The cells of one record of RFC 4180. */
function cellsOf(line: string): string[] {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g), ([, quoted, plain]) =>
    quoted === undefined ? plain! : quoted.replaceAll('""', '"'),
  );
}
