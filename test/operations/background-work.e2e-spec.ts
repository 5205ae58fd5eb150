import {
  AuditFoldsService,
  AuditRetentionService,
  AuditSealerService,
  AuditService,
  SERVER,
} from '@sallyport/audit';
import { Database } from '@sallyport/platform';
import { TokenSweeperService } from '@sallyport/tokens';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { AuditKeeperService } from '../../libs/audit/src/audit-keeper.service.js';
import { SweeperService } from '../../libs/auth/src/sign-in/sweeper.service.js';
import { PostgresProxy } from '../support/postgres-proxy.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { serverUrlOf } from '../support/test-server.js';
import { VaultClient } from '../support/vault-client.js';

const DAY = 86_400;
const SETTINGS = { SALLYPORT_AUDIT_RETENTION_DAYS: '30' };

let survivor: Sallyport;
let proxy: PostgresProxy;
/** Its connections can be held in the middle of a transaction, and then end: all that Postgres ever sees of a replica that dies. */
let victim: Sallyport;

beforeAll(async () => {
  survivor = await startSallyport({ settings: SETTINGS });
  proxy = await PostgresProxy.open(inject('socketDirectory'));
  const url = serverUrlOf(proxy.url(survivor.databaseUrl));
  victim = await startSallyport({ replicaOf: survivor, settings: { ...SETTINGS, DATABASE_URL: url } });
  // The tests say when the work is done, and by whom.
  for (const { app } of [survivor, victim])
    await app.get(AuditKeeperService, { strict: false }).onApplicationShutdown();
});
afterAll(async () => {
  await victim?.stop();
  await proxy?.close();
  await survivor?.stop();
});

interface Work {
  name: string;
  /** Makes something to do. */
  plant(round: number): Promise<unknown>;
  run(replica: Sallyport): Promise<unknown>;
  /** A statement in the middle of it. */
  statement: RegExp;
  /** How much is left to do. */
  left(): Promise<number>;
}

const WORKS: Work[] = [
  // First: a clock that has been later would end no stretch.
  {
    name: 'removing old audit rows',
    plant: plantOldStretch,
    run: ({ app }) => app.get(AuditRetentionService, { strict: false }).retain(),
    statement: /remove_audit_stretch/,
    left: () =>
      count(
        `audit_checkpoints WHERE at < now() - interval '31 days' AND number >= (SELECT min(number) FROM audit_seals)`,
      ),
  },
  {
    name: 'sweeping what is over',
    plant: () =>
      survivor.database.query(
        `INSERT INTO former_addresses (principal_id, address, replaced_at)
         SELECT id, 'old@example.com', now() - interval '400 days' FROM principals LIMIT 1`,
      ),
    run: ({ app }) => app.get(SweeperService, { strict: false }).sweep(),
    statement: /DELETE FROM former_addresses/,
    left: () => count('former_addresses'),
  },
  {
    name: 'sweeping tokens',
    plant: () =>
      survivor.database.query(
        `INSERT INTO tokens SELECT (jsonb_populate_record(t, jsonb_build_object('id', gen_random_uuid(), 'token_hash', '\\x' || md5(n::text),
           'accessor', n::text, 'expires_at', now() - interval '5 days'))).* FROM tokens t, generate_series(1, 10) n`,
      ),
    run: ({ app }) => app.get(TokenSweeperService, { strict: false }).sweep(),
    statement: /DELETE FROM tokens .* WHERE expires_at/s,
    left: () => count(`tokens WHERE expires_at < now() - interval '1 day'`),
  },
  {
    name: 'sealing the audit',
    plant: () => write(3),
    run: ({ app }) => app.get(AuditSealerService, { strict: false }).seal(),
    statement: /INSERT INTO audit_seals/,
    left: () => count('audit_unsealed'),
  },
  {
    name: 'telling of folded refusals',
    plant: async () => {
      for (let tries = 0; tries < 5; tries += 1)
        await new VaultClient(survivor.url, 'no-such-token').read('auth/token/lookup-self');
      survivor.clock.advance(61);
    },
    run: ({ app }) => app.get(AuditFoldsService, { strict: false }).unfold(),
    statement: /UPDATE audit_folds SET since/,
    left: () => count('audit_folds WHERE folded > 0'),
  },
];

async function count(rows: string): Promise<number> {
  return (await survivor.database.query(`SELECT count(*)::int AS n FROM ${rows}`)).rows[0].n;
}

async function write(rows: number): Promise<void> {
  const audit = survivor.app.get(AuditService, { strict: false });
  for (let row = 0; row < rows; row += 1)
    await audit.record(survivor.app.get(Database, { strict: false }), SERVER, {
      action: 'audit.retained',
      outcome: 'success',
      object: { type: 'audit-checkpoint', id: String(row) },
      detail: { through: 0, hash: '', rows: 0 },
    });
}

/** A stretch that the servers' clock and the database's call old. */
async function plantOldStretch(round: number): Promise<void> {
  const age = (50 - round) * DAY;
  survivor.clock.advance(-age);
  await write(3);
  const sealer = survivor.app.get(AuditSealerService, { strict: false });
  await sealer.seal();
  survivor.clock.advance(61);
  await sealer.seal();
  survivor.clock.advance(age - 61);
  await survivor.database.query(
    `ALTER TABLE audit_checkpoints DISABLE TRIGGER USER;
     UPDATE audit_checkpoints SET recorded_at = at;
     ALTER TABLE audit_checkpoints ENABLE TRIGGER USER`,
  );
}

it.each(WORKS)('$name is one replica’s at a time, and another’s when that dies at it', async (work) => {
  await work.plant(1);
  const sent = await proxy.listen(() => work.run(victim));
  expect(await work.left()).toBe(0);
  const statement = sent.find((text) => work.statement.test(text));
  expect(statement).toBeDefined();

  await work.plant(2);
  const due = await work.left();
  expect(due).toBeGreaterThan(0);
  proxy.plan({ statement: statement!, nth: 1, moment: 'after', fate: 'stall' });
  const dying = work.run(victim).then(
    () => 'done',
    () => 'died',
  );
  await expect.poll(() => proxy.pending).toBe(false);
  await work.run(survivor);
  expect(await work.left()).toBe(due);

  proxy.cut();
  expect(await dying).toBe('died');
  await expect
    .poll(async () => {
      await work.run(survivor);
      return work.left();
    })
    .toBe(0);
});
