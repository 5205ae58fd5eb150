import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AuditResumption,
  AuditRetentionService,
  AuditSealerService,
  AuditService,
  AuditShipperService,
  SERVER,
} from '@sallyport/audit';
import { ADVISORY_LOCKS, Database } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditScene } from '../support/audit-scene.js';
import { startSallyport, TestClock } from '../support/sallyport.js';
import { send } from '../support/send.js';
import { VendorServer } from '../support/vendor-server.js';

let folder: string;
let file: string;
let scene: AuditScene;
let count = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-audit-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A chain with two checkpoints that were exported, and some rows after them. @returns the number of the first checkpoint. */
async function prepare(settings: Record<string, string> = {}): Promise<number> {
  file = join(folder, `checkpoints-${(count += 1)}.jsonl`);
  scene = await AuditScene.open({ SALLYPORT_AUDIT_CHECKPOINT_FILE: file, ...settings });
  await scene.write(10);
  const first = await scene.checkpoint();
  await scene.write(10, 'later');
  await scene.checkpoint();
  await scene.write(5, 'last');
  await scene.seal();
  await ship(scene);
  return first;
}

async function ship(of: AuditScene): Promise<string[]> {
  return of.core.get(AuditShipperService).ship();
}

const linesOf = (path: string) =>
  readFileSync(path, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, any>);

describe('tampering as the owner of the tables', () => {
  beforeAll(() => prepare().then(() => undefined));
  afterAll(() => scene.close());

  it('S76 finds nothing wrong where nothing is', async () => {
    const verdict = await scene.verify();
    expect(verdict.problems).toEqual([]);
    expect(verdict).toMatchObject({
      intact: true,
      first: 1,
      last: await scene.head(),
      unsealed: 0,
      problemCount: 0,
    });
    expect(verdict.checkpoints).toBeGreaterThanOrEqual(2);
    expect(verdict.exportedCheckpoints).toBe(verdict.checkpoints);
  });

  it('S74 rows, seals and checkpoints are neither changed nor removed', async () => {
    for (const statement of [
      `UPDATE audit_events SET action = 'x'`,
      'DELETE FROM audit_events',
      'TRUNCATE audit_events',
      'UPDATE audit_seals SET number = number + 100',
      'DELETE FROM audit_seals',
      'TRUNCATE audit_seals',
      'UPDATE audit_checkpoints SET number = 0',
      'DELETE FROM audit_checkpoints',
      'TRUNCATE audit_checkpoints',
    ])
      await expect(scene.rows(statement)).rejects.toThrow('the audit is only ever added to');
  });

  /** Does it, tells what is found, and undoes it from a copy. */
  async function whileTampered<T>(tamper: () => Promise<unknown>, look: () => Promise<T>): Promise<T> {
    await scene.seal();
    const tables = ['audit_events', 'audit_seals', 'audit_checkpoints'];
    for (const table of tables) await scene.rows(`CREATE TABLE copy_of_${table} AS SELECT * FROM ${table}`);
    try {
      await tamper();
      return await look();
    } finally {
      for (const table of tables) {
        await scene.tamper(`DELETE FROM ${table}`, `INSERT INTO ${table} SELECT * FROM copy_of_${table}`);
        await scene.rows(`DROP TABLE copy_of_${table}`);
      }
      await scene.rows('DELETE FROM audit_unsealed');
      expect(await scene.found()).toEqual([]);
    }
  }

  const sealed = (number: number) => `(SELECT event_id FROM audit_seals WHERE number = ${number})`;

  it.each([
    [`action = 'role.created'`],
    [`outcome = 'failure'`],
    [`at = at + interval '1 microsecond'`],
    [`actor_name = 'somebody else'`],
    [`actor_principal_id = gen_random_uuid()`],
    [`actor_account_id = gen_random_uuid()`],
    [`token_accessor = 'other'`],
    [`client_address = '192.0.2.1'`],
    [`request_id = 'other'`],
    [`object_type = 'other'`],
    [`object_id = 'other'`],
    [`detail = detail || '{"index": 99}'`],
    [`keyed_hash = sha256('guessed')`],
  ])('S76 names a row that was altered: %s', async (change) => {
    const found = await whileTampered(
      () => scene.tamper(`UPDATE audit_events SET ${change} WHERE id = ${sealed(7)}`),
      () => scene.found(),
    );
    expect(found).toEqual([['altered', 7]]);
  });

  it('S76 names a row whose signature was taken away', async () => {
    const found = await whileTampered(
      () => scene.tamper(`UPDATE audit_events SET keyed_hash = NULL, key_id = NULL WHERE id = ${sealed(7)}`),
      () => scene.found(),
    );
    expect(found).toEqual([['unsigned', 7]]);
  });

  it('S76 names a row that was deleted, with its seal or without', async () => {
    const without = await whileTampered(
      () => scene.tamper(`DELETE FROM audit_events WHERE id = ${sealed(7)}`),
      () => scene.found(),
    );
    expect(without).toEqual([['gone', 7]]);
    const together = await whileTampered(
      () =>
        scene.tamper(
          `DELETE FROM audit_events WHERE id = ${sealed(7)}`,
          'DELETE FROM audit_seals WHERE number = 7',
        ),
      () => scene.found(),
    );
    expect(together).toEqual([['gone', 7]]);
  });

  it('S76 names rows whose places were changed', async () => {
    const found = await whileTampered(
      () =>
        scene.tamper(
          'CREATE TEMP TABLE places ON COMMIT DROP AS SELECT number, event_id FROM audit_seals WHERE number IN (5, 9)',
          `UPDATE audit_seals SET event_id = gen_random_uuid() WHERE number = 9`,
          `UPDATE audit_seals SET event_id = (SELECT event_id FROM places WHERE number = 9) WHERE number = 5`,
          `UPDATE audit_seals SET event_id = (SELECT event_id FROM places WHERE number = 5) WHERE number = 9`,
        ),
      () => scene.found(),
    );
    expect(found).toEqual([
      ['chain-broken', 5],
      ['chain-broken', 9],
    ]);
  });

  it('S76 names the first row of a chain that was made anew from the middle', async () => {
    const found = await whileTampered(
      () => scene.chainAnew(8),
      () => scene.found(),
    );
    expect(found[0]).toEqual(['chain-broken', 8]);
    expect(found.at(-1)![1]).toBe(await scene.head());
  });

  it('S74 names a row the owner inserted, before it is sealed and after', async () => {
    const forge = `INSERT INTO audit_events (id, at, action, outcome, detail, key_id, keyed_hash)
      VALUES (gen_random_uuid(), now(), 'role.created', 'success', '{}', 1, sha256('guessed'))`;
    const outside = await whileTampered(
      () => scene.tamper(forge),
      () => scene.found(),
    );
    expect(outside).toEqual([['altered', null]]);
    const head = await scene.head();
    const inside = await whileTampered(
      async () => {
        await scene.rows(forge);
        await scene.seal();
      },
      () => scene.found(),
    );
    expect(inside).toEqual([['altered', head + 1]]);
    const unsigned = await whileTampered(
      async () => {
        await scene.rows(`INSERT INTO audit_events (id, at, action, outcome, detail)
          VALUES (gen_random_uuid(), '2000-01-01', 'role.created', 'success', '{}')`);
        await scene.seal();
      },
      () => scene.found(),
    );
    expect(unsigned).toEqual([['unsigned', head + 1]]);
  });

  it('S74 a row copied from another time counts as altered', async () => {
    const found = await whileTampered(
      () =>
        scene.tamper(`INSERT INTO audit_events
          SELECT gen_random_uuid(), at, action, outcome, actor_principal_id, actor_account_id, actor_name, token_accessor, client_address,
            request_id, object_type, object_id, detail, key_id, keyed_hash FROM audit_events WHERE id = ${sealed(4)}`),
      () => scene.found(),
    );
    expect(found).toEqual([['altered', null]]);
  });

  it('S76 names a checkpoint no server signed, in the database and in the file', async () => {
    const found = await whileTampered(
      () =>
        scene.tamper(
          `UPDATE audit_checkpoints SET at = at + interval '1 hour' WHERE number = (SELECT min(number) FROM audit_checkpoints)`,
        ),
      () => scene.found(),
    );
    expect(found.map(([kind]) => kind)).toEqual(['checkpoint-forged']);
    const forged = join(folder, 'forged.jsonl');
    const [line] = linesOf(file);
    writeFileSync(forged, `${JSON.stringify({ checkpoint: { ...line!['checkpoint'], number: 3 } })}\n`);
    expect(await scene.found({ checkpointFile: forged })).toEqual([['checkpoint-forged', 3]]);
  });

  it('S76 a tail that was cut off is told of by the exported checkpoint, even with its checkpoints', async () => {
    const head = linesOf(file).at(-1)!['checkpoint'].number as number;
    const found = await whileTampered(
      () =>
        scene.tamper(
          `DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seals WHERE number > 8)`,
          'DELETE FROM audit_seals WHERE number > 8',
          'DELETE FROM audit_checkpoints WHERE number > 8',
        ),
      async () => {
        const verdict = await scene.verify();
        return [verdict.problems, await scene.found({ checkpointFile: null })];
      },
    );
    expect(found).toEqual([
      [
        {
          kind: 'cut',
          number: 9,
          eventId: null,
          message: `rows 9 to ${head} are gone: the exported checkpoint of row ${head} tells of them`,
        },
      ],
      // Without it nobody could tell: hence the sink.
      [],
    ]);
  });

  it('S76 an old copy that was restored and has grown again is another chain than the one exported', async () => {
    const head = linesOf(file).at(-1)!['checkpoint'].number as number;
    const found = await whileTampered(
      async () => {
        await scene.tamper(
          `DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seals WHERE number > 8)`,
          'DELETE FROM audit_seals WHERE number > 8',
          'DELETE FROM audit_checkpoints WHERE number > 8',
        );
        await scene.write(40, 'after the restore');
        await scene.seal();
      },
      () => scene.found(),
    );
    expect(found).toContainEqual(['checkpoint-differs', head]);
    expect(new Set(found.map(([kind]) => kind))).toEqual(new Set(['checkpoint-differs']));
  });

  it('S76 verifies from any checkpoint on', async () => {
    const [first] = await scene.rows('SELECT min(number) AS number FROM audit_checkpoints');
    const from = Number(first!['number']);
    expect(await scene.verify({ from })).toMatchObject({
      intact: true,
      first: from + 1,
      last: await scene.head(),
    });
    await expect(scene.verify({ from: from + 1000 })).rejects.toThrow('there is no checkpoint');
  });
});

describe('the sealer', () => {
  let other: AuditScene;
  beforeAll(async () => {
    scene = await AuditScene.open();
    other = await AuditScene.open({}, scene);
  });
  afterAll(async () => {
    await other.close();
    await scene.close();
  });

  it('S75 two replicas sealing at thousands of rows a second make one chain without gap or fork', async () => {
    const began = performance.now();
    const before = await scene.head();
    const rows = 6_000;
    const written = new AbortController();
    const sealing = [scene, other].map(async ({ core }) => {
      while (!written.signal.aborted) await core.get(AuditSealerService).seal();
    });
    await Promise.all(
      Array.from({ length: 20 }, (_, worker) =>
        (worker % 2 ? scene : other).write(rows / 20, `worker ${worker}`),
      ),
    );
    written.abort();
    await Promise.all(sealing);
    await scene.seal();
    const seconds = (performance.now() - began) / 1000;
    const verdict = await scene.verify();
    expect(verdict).toMatchObject({ intact: true, unsealed: 0 });
    expect(verdict.last).toBeGreaterThanOrEqual(before + rows);
    expect(
      await scene.rows('SELECT count(*)::int AS count, max(number)::int AS last FROM audit_seals'),
    ).toEqual([{ count: verdict.last, last: verdict.last }]);
    expect(rows / seconds).toBeGreaterThan(200);
    // No stretch is longer than a thousand rows.
    const [longest] = await scene.rows(
      'SELECT max(number - before)::int AS rows FROM (SELECT number, lag(number, 1, 0::bigint) OVER (ORDER BY number) AS before FROM audit_checkpoints) c',
    );
    expect(longest!['rows']).toBeLessThanOrEqual(1_000);
  });

  it.each([
    ['audit_unsealed', 'DELETE'],
    ['audit_seals', 'INSERT'],
    ['audit_checkpoints', 'INSERT'],
  ])('S75 a sealer killed at its %s %s leaves nothing half done, and goes on', async (table, event) => {
    await scene.seal();
    await scene.rows(`CREATE OR REPLACE FUNCTION kill_sealer() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`);
    await scene.rows(
      `CREATE TRIGGER kill_sealer AFTER ${event} ON ${table} FOR EACH ROW EXECUTE FUNCTION kill_sealer()`,
    );
    const head = await scene.head();
    await scene.write(3, 'while it dies');
    scene.core.clock.advance(61);
    await expect(scene.core.get(AuditSealerService).seal()).rejects.toThrow();
    expect(await scene.head()).toBe(head);
    expect((await scene.rows('SELECT count(*)::int AS count FROM audit_unsealed'))[0]).toEqual({ count: 3 });
    await scene.rows(`DROP TRIGGER kill_sealer ON ${table}`);
    await other.seal();
    expect(await scene.head()).toBe(head + 3);
    expect(await scene.found()).toEqual([]);
  });

  it('S75 a row of a transaction that commits late is sealed then', async () => {
    let goOn!: () => void;
    const late = new Promise<void>((resolve) => (goOn = resolve));
    const slow = scene.core.get(Database).transaction(async (tx) => {
      const event = {
        action: 'tag.created',
        outcome: 'success',
        object: { type: 'tag', id: 'late' },
        before: null,
        after: null,
      } as const;
      await scene.core.get(AuditService).record(tx, SERVER, event);
      await late;
    });
    await other.write(50, 'meanwhile');
    scene.core.clock.advance(300);
    await other.seal();
    const head = await scene.head();
    goOn();
    await slow;
    await other.seal();
    const [row] = await scene.rows(
      `SELECT s.number::int AS number FROM audit_seals s JOIN audit_events e ON e.id = s.event_id WHERE e.object_id = 'late'`,
    );
    expect(row!['number']).toBe(head + 1);
    expect(await scene.found()).toEqual([]);
  });

  it('S75 that fails stops no act, and its lag is told', async () => {
    await scene.seal();
    await scene.rows('ALTER TABLE audit_seals RENAME TO audit_seals_away');
    await scene.write(2, 'unsealed');
    scene.core.clock.advance(90);
    expect(await scene.core.get(AuditSealerService).lagSeconds()).toBe(90);
    await scene.rows('ALTER TABLE audit_seals_away RENAME TO audit_seals');
    await scene.seal();
    expect(await scene.core.get(AuditSealerService).lagSeconds()).toBe(0);
  });

  it('S75 no act waits for the sealer: it holds its lock while rows are written', async () => {
    const holder = await scene.core.database.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT pg_advisory_xact_lock($1)', [ADVISORY_LOCKS.auditSeal]);
    await scene.write(3, 'beside');
    expect(await scene.core.get(AuditSealerService).seal()).toBe(0);
    await holder.query('COMMIT');
    holder.release();
    await scene.seal();
    expect(await scene.found()).toEqual([]);
  });
});

describe('the sinks', () => {
  const later = () => {
    scene.core.clock.advance(61);
  };

  it('S76 two replicas bring each row and checkpoint to one file once, whoever dies, and half a line hurts nobody', async () => {
    file = join(folder, 'rows.jsonl');
    const settings = { SALLYPORT_AUDIT_CHECKPOINT_FILE: file, SALLYPORT_AUDIT_FILE_ROWS: 'on' };
    scene = await AuditScene.open(settings);
    const other = await AuditScene.open(settings, scene);
    await scene.write(2_500);
    await scene.checkpoint();
    await Promise.all([ship(scene), ship(other), ship(scene)]);
    // As a process that is killed while it writes leaves it.
    writeFileSync(file, '{"row":{"number":99999', { flag: 'a' });
    await scene.write(20, 'more');
    await other.checkpoint();
    // Whoever sent last is dead; its lease ends.
    later();
    await ship(other);
    await ship(other);
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    const parsed = lines.flatMap((line) => {
      try {
        return [JSON.parse(line) as Record<string, any>];
      } catch {
        return [];
      }
    });
    expect(lines.length - parsed.length).toBe(1);
    const numbers = parsed.flatMap(({ row }) => (row ? [row.number as number] : []));
    const head = parsed.at(-1)!['checkpoint'].number as number;
    expect(numbers).toEqual(Array.from({ length: head }, (_, index) => index + 1));
    const [known] = await scene.rows('SELECT count(*)::int AS count FROM audit_checkpoints');
    expect(parsed.filter(({ checkpoint }) => checkpoint)).toHaveLength(known!['count']);
    expect(await scene.verify()).toMatchObject({ intact: true, exportedCheckpoints: known!['count'] });
    await other.close();
    await scene.close();
  });

  it('S76 a webhook that was down for an hour is caught up: nothing lost, nothing doubled, signed and with the token', async () => {
    const vendor = await VendorServer.start(['127.0.0.1']);
    let isDown = true;
    vendor.answer = () => ({ status: isDown ? 503 : 204 });
    scene = await AuditScene.open({
      SALLYPORT_AUDIT_WEBHOOK_URL: `https://127.0.0.1:${vendor.port}/audit?of=sallyport`,
      SALLYPORT_AUDIT_WEBHOOK_TOKEN: 'sink-token',
      SALLYPORT_OUTGOING_ALLOW: `https://127.0.0.1:${vendor.port}`,
    });
    for (let minute = 0; minute < 60; minute += 1) {
      await scene.write(5, `minute ${minute}`);
      await scene.checkpoint();
      if (minute % 10 === 0) expect(await ship(scene)).toEqual(['webhook']);
    }
    expect(new Set(vendor.calls.map(({ headers }) => headers['idempotency-key'])).size).toBe(1);
    vendor.calls.length = 0;
    isDown = false;
    expect(await ship(scene)).toEqual([]);
    expect(await ship(scene)).toEqual([]);
    const calls = vendor.calls.filter(({ method, path, headers }) => {
      expect([method, path, headers.authorization]).toEqual(['POST', '/audit', 'Bearer sink-token']);
      return true;
    });
    const lines = calls.flatMap(({ body }) => body.trim().split('\n')).map((line) => JSON.parse(line));
    const numbers = lines.flatMap(({ row }) => (row ? [row.number as number] : []));
    expect(numbers).toEqual(Array.from({ length: await scene.head() }, (_, index) => index + 1));
    const [known] = await scene.rows('SELECT count(*)::int AS count FROM audit_checkpoints');
    expect(lines.filter(({ checkpoint }) => checkpoint)).toHaveLength(known!['count']);
    vendor.close();
    await scene.close();
  });

  it('S76 retention removes whole stretches that are old and exported, and verifying tells it from tampering', async () => {
    file = join(folder, 'away', 'retained.jsonl');
    const clock = new TestClock();
    clock.advance(-40 * 86_400);
    scene = await AuditScene.open(
      { SALLYPORT_AUDIT_CHECKPOINT_FILE: file, SALLYPORT_AUDIT_RETENTION_DAYS: '30' },
      undefined,
      { clock },
    );
    const retain = () => scene.core.get(AuditRetentionService).retain();
    await scene.write(1_500, 'old');
    const old = await scene.checkpoint();
    scene.core.clock.advance(38 * 86_400);
    await scene.write(10, 'new');
    await scene.checkpoint();
    // The sink has nothing yet.
    await expect(ship(scene)).rejects.toThrow('ENOENT');
    expect(await retain()).toBe(0);
    mkdirSync(join(folder, 'away'));
    await ship(scene);
    // What the clock of the server says makes nothing old: the database has its own.
    expect(await retain()).toBe(0);
    await scene.tamper(`UPDATE audit_checkpoints SET recorded_at = at WHERE at < now() - interval '30 days'`);
    const removed = await retain();
    expect(removed).toBe(old);
    await scene.seal();
    expect(await scene.verify()).toMatchObject({ intact: true, first: old + 1 });
    const events = await scene.rows(
      `SELECT detail FROM audit_events WHERE action = 'audit.retained' ORDER BY at, id`,
    );
    expect(
      events
        .map(({ detail }) => detail.through)
        .toSorted((a, b) => a - b)
        .at(-1),
    ).toBe(old);
    expect(await retain()).toBe(0);
    // Young rows do not go this way, whoever asks.
    const [young] = await scene.rows('SELECT max(number) AS number FROM audit_checkpoints');
    await expect(scene.rows('SELECT remove_audit_stretch($1)', [young!['number']])).rejects.toThrow(
      'thirty days',
    );
    // The same without an event is found.
    await scene.tamper(
      'DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seals WHERE number <= (SELECT max(number) FROM audit_checkpoints))',
      'DELETE FROM audit_seals WHERE number <= (SELECT max(number) FROM audit_checkpoints)',
    );
    expect((await scene.found())[0]).toEqual(['gone', 1]);
    await scene.close();
  });

  it('S95 S76 a backup that was put back is told by the file; once the operator has said so the chain goes on, and the gap is explained', async () => {
    file = join(folder, 'restored.jsonl');
    scene = await AuditScene.open({ SALLYPORT_AUDIT_CHECKPOINT_FILE: file, SALLYPORT_AUDIT_FILE_ROWS: 'on' });
    const resumption = scene.core.get(AuditResumption);
    await scene.write(10, 'kept');
    const backup = await scene.checkpoint();
    await ship(scene);
    await scene.write(7, 'lost');
    const exported = await scene.checkpoint();
    await ship(scene);
    expect(await resumption.gap()).toBeNull();
    await scene.tamper(
      ['DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seals WHERE number > $1)', [backup]],
      ['DELETE FROM audit_seals WHERE number > $1', [backup]],
      ['DELETE FROM audit_checkpoints WHERE number > $1', [backup]],
      ['UPDATE audit_sinks SET number = $1', [backup]],
    );
    const gap = { after: backup, through: exported };
    expect(await resumption.gap()).toEqual(gap);
    expect(await scene.found()).toEqual([['cut', backup + 1]]);
    const lost: (string | null)[] = [];
    for await (const row of resumption.lost(gap)) lost.push(row.object_id);
    expect(lost.toSorted()).toEqual(Array.from({ length: 7 }, (_, index) => `lost-${index}`));
    expect(await scene.core.get(Database).transaction((tx) => resumption.resume(tx, SERVER))).toEqual(gap);
    expect(await resumption.gap()).toBeNull();
    expect(await scene.verify()).toMatchObject({ intact: true, gaps: [gap] });
    await scene.write(3, 'after');
    const head = await scene.checkpoint();
    expect(head).toBe(exported + 4);
    await ship(scene);
    expect(await scene.verify()).toMatchObject({ intact: true, last: head, gaps: [gap] });
    const numbers = linesOf(file).flatMap(({ row }) => (row ? [row.number as number] : []));
    expect(numbers).toEqual(Array.from({ length: head }, (_, index) => index + 1));
    // What is cut off besides is not excused by it.
    await scene.tamper(['DELETE FROM audit_seals WHERE number = $1', [exported + 2]]);
    expect((await scene.found()).map(([kind]) => kind)).toContain('gone');
    await scene.close();
  });
});

it('S95 a server whose database is behind its exported checkpoint is not ready until the operator has said so', async () => {
  file = join(folder, 'behind.jsonl');
  const server = await startSallyport({ settings: { SALLYPORT_AUDIT_CHECKPOINT_FILE: file } });
  const ready = async () => {
    // Its clock stands still, and may not differ from the database's (S93).
    server.clock.set(new Date());
    return (await send({ method: 'GET', url: `${server.url}/readyz` })).status;
  };
  const sealer = server.app.get(AuditSealerService, { strict: false });
  const resumption = server.app.get(AuditResumption, { strict: false });
  const count = async () =>
    (await server.database.query<{ count: number }>('SELECT count(*)::int AS count FROM audit_checkpoints'))
      .rows[0]!.count;
  while ((await count()) === 0) await sealer.seal();
  await server.app.get(AuditShipperService, { strict: false }).ship();
  expect(await ready()).toBe(200);
  await server.database.query('ALTER TABLE audit_checkpoints DISABLE TRIGGER USER');
  await server.database.query('DELETE FROM audit_checkpoints');
  expect(await ready()).toBe(503);
  await server.app.get(Database, { strict: false }).transaction((tx) => resumption.resume(tx, SERVER));
  expect(await ready()).toBe(200);
  await server.stop();
});
