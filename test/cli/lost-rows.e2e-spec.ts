import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable, Writable } from 'node:stream';
import { AuditService, AuditShipperService, SERVER } from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../../apps/cli/src/program.js';
import { AuditScene } from '../support/audit-scene.js';
import { databaseSettings } from '../support/test-server.js';

let folder: string;
let scene: AuditScene;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'sallyport-lost-'))));
afterEach(async () => {
  await scene.close();
  rmSync(folder, { recursive: true });
});

/** An installation whose backup was put back: of what its sink was given, the last rows are not in the database. */
async function putBack(settings: Record<string, string>): Promise<{ after: number; through: number }> {
  const sink = { SALLYPORT_AUDIT_CHECKPOINT_FILE: join(folder, 'audit.jsonl'), ...settings };
  scene = await AuditScene.open(sink);
  const ship = () => scene.core.get(AuditShipperService).ship();
  await scene.write(5, 'kept');
  const after = await scene.checkpoint();
  await ship();
  await scene.write(3, 'lost');
  await scene.core.get(AuditService).record(
    scene.core.get(Database),
    { ...SERVER, name: 'ada\u001b[2J\r\nrow 1', clientAddress: '192.0.2.7' },
    {
      action: 'account.changed',
      outcome: 'success',
      object: { type: 'local-user', id: 'eve' },
      before: { disabled: false },
      after: { disabled: true },
    },
  );
  const through = await scene.checkpoint();
  await ship();
  await scene.tamper(
    ['DELETE FROM audit_events WHERE id IN (SELECT event_id FROM audit_seals WHERE number > $1)', [after]],
    ['DELETE FROM audit_seals WHERE number > $1', [after]],
    ['DELETE FROM audit_checkpoints WHERE number > $1', [after]],
    ['UPDATE audit_sinks SET number = $1', [after]],
  );
  return { after, through };
}

async function console(args: string[], settings: Record<string, string> = {}) {
  const words: string[] = [];
  const output = new Writable({
    write: (chunk: Buffer, _, done) => {
      words.push(chunk.toString());
      done();
    },
  });
  const environment = {
    ...databaseSettings(scene.core.databaseUrl),
    SALLYPORT_MASTER_KEY_FILE: scene.core.masterKeyFile,
    SALLYPORT_DATA_DIR: folder,
    SALLYPORT_AUDIT_CHECKPOINT_FILE: join(folder, 'audit.jsonl'),
    ...settings,
  };
  const code = await runProgram(args, { environment, input: Readable.from([]), output, errors: output });
  const text = words.join('');
  return { code, text, data: args.includes('--json') ? JSON.parse(text) : null };
}

it('S95 the console lists what the sink holds beyond a backup that was put back, before and after it was said so', async () => {
  const { after, through } = await putBack({ SALLYPORT_AUDIT_FILE_ROWS: 'on' });
  const before = await console(['audit', 'verify', '--json']);
  expect([before.code, before.data.intact, before.data.lostCount]).toEqual([1, false, through - after]);
  const lost = before.data.lost as { number: number; action: string; object_id: string; detail: object }[];
  expect(lost.map(({ number }) => number)).toEqual(
    Array.from({ length: through - after }, (_, index) => after + 1 + index),
  );
  // What was done and is undone can be done again by it (S73).
  expect(lost.find(({ action }) => action === 'account.changed')).toMatchObject({
    object_id: 'eve',
    detail: { before: { disabled: false }, after: { disabled: true } },
  });

  const restored = await console(['after-restore']);
  expect(restored.code).toBe(0);
  expect(restored.text).toContain(
    `The file holds ${through - after} rows of the audit that are not in this database:`,
  );
  // One row is one line, whatever its writer was called (S77).
  const told = restored.text.split('\n').filter((line) => /^ {2}row \d/.test(line));
  expect(told).toHaveLength(through - after);
  expect(told.find((line) => line.includes('account.changed'))).toMatch(
    /^ {2}row \d+ {2}\S+Z {2}account\.changed {2}success {2}by ada\\u001b\[2J\\u000d\\u000arow 1 {2}from 192\.0\.2\.7 {2}local-user eve$/,
  );

  const verified = await console(['audit', 'verify', '--json']);
  expect([verified.code, verified.data.intact, verified.data.gaps, verified.data.lostCount]).toEqual([
    0,
    true,
    [{ after, through }],
    through - after,
  ]);
  const again = await console(['after-restore', '--json']);
  expect(again.data.audit).toMatchObject({ lost: [], lostCount: 0 });
});

it('S95 where the sink was given checkpoints alone the console says that it cannot list the rows', async () => {
  const { after, through } = await putBack({});
  const { code, text } = await console(['after-restore']);
  expect(code).toBe(0);
  expect(text).toContain(
    `${through - after} rows of the audit are not in this database, and the file holds none of them: it was given checkpoints alone (SALLYPORT_AUDIT_FILE_ROWS).`,
  );
});
