import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { AuditSealerService, AuditService, AuditVerifier, SERVER } from '@sallyport/audit';
import { Database, Keyring } from '@sallyport/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AppgateClient } from '../support/appgate-client.js';
import { expecting } from '../support/send.js';
import { Stage, together } from '../support/stage.js';

/** Attacks of the sizes security.md names; what they show is shown in small by the normal tests, too. */
let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2);
});
afterAll(() => stage.close());

function service<T>(type: new (...parts: any[]) => T, replica: number): T {
  return stage.servers[replica % 2]!.app.get(type, { strict: false });
}

it('S66 of a million seals on both replicas no two have one nonce', async () => {
  const place = { table: 'totp_enrollments', column: 'sealed_seed', row: randomUUID() };
  const secret = randomBytes(20);
  const nonces = new Set<string>();
  for (let seal = 0; seal < 1_000_000; seal += 1_000)
    for (const sealed of await together(1_000, (index) => service(Keyring, index).seal(secret, place)))
      nonces.add(sealed.toString('latin1', 5, 17));
  expect(nonces.size).toBe(1_000_000);
}, 300_000);

it('S75 both replicas write and seal 2 000 rows a second for a quarter of a minute: one chain, no gap, no fork', async () => {
  const [second, batch, rows] = [2_000, 50, 30_000];
  const written = new AbortController();
  const sealing = [0, 1].map(async (replica) => {
    while (!written.signal.aborted) {
      await service(AuditSealerService, replica).seal();
      await pause(10);
    }
  });
  const [before] = await stage.rows('SELECT count(*)::int AS n FROM audit_events');
  const began = performance.now();
  const portion = (replica: number, first: number) =>
    service(Database, replica).transaction(async (tx) => {
      for (let row = first; row < first + batch; row += 1)
        await service(AuditService, replica).record(tx, SERVER, {
          action: 'audit.read',
          outcome: 'success',
          object: { type: 'audit', id: `row-${row}` },
        });
    });
  for (let row = 0; row < rows; row += 4 * batch) {
    const late = (row / second) * 1_000 - (performance.now() - began);
    if (late > 0) await pause(late);
    await together(4, (index) => portion(index, row + index * batch));
  }
  const seconds = (performance.now() - began) / 1_000;
  written.abort();
  await Promise.all(sealing);
  for (let waits = 1; waits > 0;) {
    await service(AuditSealerService, 0).seal();
    [{ waits }] = (await stage.rows('SELECT count(*)::int AS waits FROM audit_unsealed')) as [
      { waits: number },
    ];
  }
  const behind = (performance.now() - began) / 1_000 - seconds;
  const verdict = await service(AuditVerifier, 0).verify();
  expect(verdict).toMatchObject({ intact: true, first: 1, problemCount: 0 });
  expect(verdict.last).toBeGreaterThanOrEqual(before!['n'] + rows);
  expect(
    await stage.rows('SELECT count(*)::int AS count, max(number)::int AS last FROM audit_seals'),
  ).toEqual([{ count: verdict.last, last: verdict.last }]);
  // The sealers kept up: what is left at the end is done in a moment.
  expect([rows / seconds > 0.9 * second, behind < 10]).toEqual([true, true]);
}, 300_000);

it('S79 100 000 throttled calls in five minutes leave at most 6 rows with the right total, and other events whole', async () => {
  const flood = {
    action: 'sign-in.password-throttled',
    outcome: 'denied',
    object: { type: 'account', id: 'flooded' },
    detail: { reason: 'throttled' },
  } as const;
  let calls = 0;
  for (let second = 0; second < 300; second += 1) {
    await together(334, async (index) => {
      calls += 1;
      await service(AuditService, index).recordFolded(service(Database, index), SERVER, flood, 'flooded');
    });
    if (second % 10 === 0)
      await service(AuditService, second).record(service(Database, second), SERVER, {
        action: 'audit.read',
        outcome: 'success',
        object: { type: 'audit', id: 'beside the flood' },
      });
    stage.clock.advance(1);
    await stage.unfold();
  }
  const told = await stage.rows(`SELECT detail FROM audit_events WHERE object_id = 'flooded'`);
  const sum = told.reduce((total, { detail }) => total + ((detail.folded as number | undefined) ?? 1), 0);
  expect([calls, sum]).toEqual([100_200, 100_200]);
  expect(told.length).toBeLessThanOrEqual(6);
  expect(await stage.rows(`SELECT 1 FROM audit_events WHERE object_id = 'beside the flood'`)).toHaveLength(
    30,
  );
}, 600_000);

it('S21 10 000 codes of whoever has no live token of the account move no count', async () => {
  const victim = await stage.addProtected('victim');
  const attacker = await stage.addProtected('attacker');
  const spent = await stage.request('attacker');
  stage.clock.advance(30);
  await expecting(200, stage.vault().validate(spent, stage.code(attacker)));
  const gone = await stage.partial('victim');
  const expired = await stage.request('victim');
  stage.clock.advance(601);
  const foreign = await stage.partial('attacker');
  const clients: AppgateClient[] = ['x'.repeat(64), stage.first.rootToken].map((token) =>
    stage.appgate().with(token),
  );
  const codes = victim.authenticator.wrongAt(stage.now, 100);
  const tries: ((code: string, replica: number) => Promise<{ status: number }>)[] = [
    ...[...clients, gone].map((client) => (code: string) => client.submit(code)),
    ...[spent, expired, randomUUID()].map(
      (id) => (code: string, replica: number) => stage.vault(replica).validate(id, code),
    ),
    (code, replica) => stage.vault(replica).logIn('victim', 'wrong', [`default:${code}`]),
    (code, replica) => stage.vault(replica).logIn('nobody', 'wrong', [`default:${code}`]),
  ];
  const answers = new Map<number, Set<number>>();
  for (let done = 0; done < 10_000; done += 40)
    await together(40, async (index) => {
      const kind = (done + index) % tries.length;
      const { status } = await tries[kind]!(codes[(done + index) % codes.length]!, index % 2);
      answers.set(kind, (answers.get(kind) ?? new Set()).add(status));
    });
  // The attacker's own token tries the victim's code: what it moves is the attacker's count.
  await expecting(401, foreign.submit(stage.code(victim)));
  const moved = await stage.rows('SELECT failures FROM factor_throttles WHERE principal_id = $1', [
    victim.entityId,
  ]);
  expect(moved.map(({ failures }) => failures)).toEqual([]);
  for (const statuses of answers.values())
    for (const status of statuses) expect([400, 401, 403, 429]).toContain(status);
  // A wrong password and an unknown name answer alike, whatever code stands beside.
  expect([...answers.get(6)!].toSorted()).toEqual([...answers.get(7)!].toSorted());
}, 600_000);
