import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { OperatorConsole } from '../support/operator-console.js';
import { expecting } from '../support/send.js';
import { type Player, Stage } from '../support/stage.js';
import { databaseSettings, sendStatement } from '../support/test-server.js';

let stage: Stage;
let folder: string;
let operator: OperatorConsole;
let ada: Player;

beforeAll(async () => {
  stage = await Stage.open(1);
  folder = mkdtempSync(join(tmpdir(), 'sallyport-restore-'));
  operator = new OperatorConsole({
    ...databaseSettings(stage.first.databaseUrl),
    SALLYPORT_MASTER_KEY_FILE: stage.first.masterKeyFile,
    SALLYPORT_DATA_DIR: folder,
  });
  ada = await stage.addProtected('ada');
});
afterAll(async () => {
  await sendStatement(inject('socketDirectory'), `DROP DATABASE IF EXISTS ${backup()} WITH (FORCE)`);
  await stage.close();
  rmSync(folder, { recursive: true });
});

const live = () => /\/(test_\w+)/.exec(stage.first.databaseUrl)![1]!;
const backup = () => `backup_of_${live()}`;

/** Does something to the database while nobody is connected; the server finds its way back by itself. */
async function offline(...statements: string[]): Promise<void> {
  const send = (statement: string) => sendStatement(inject('socketDirectory'), statement);
  await send(`ALTER DATABASE ${live()} ALLOW_CONNECTIONS false`);
  await send(
    `DO $$ BEGIN
       PERFORM pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${live()}';
       WHILE EXISTS (SELECT FROM pg_stat_activity WHERE datname = '${live()}') LOOP
         PERFORM pg_sleep(0.02); PERFORM pg_stat_clear_snapshot();
       END LOOP;
     END $$`,
  );
  for (const statement of statements) await send(statement);
  await send(`ALTER DATABASE ${live()} ALLOW_CONNECTIONS true`);
}

/** The console tells the time by the real clock, so the server does here too. */
const now = () => stage.clock.set(new Date());

it('S95 a restored backup revives no token, no spent code and no unfinished sign-in, once after-restore was run', async () => {
  now();
  const revoked = await stage.request('ada').then(async (id) => {
    const { auth } = (await expecting(200, stage.vault().validate(id, stage.code(ada, -1)))).body;
    return auth.client_token as string;
  });
  const pending = await stage.request('ada');
  await offline(`CREATE DATABASE ${backup()} TEMPLATE ${live()} OWNER sallyport`);

  // After the backup: a token is revoked, and the present code and the one ahead are spent.
  await expecting(204, stage.vault().with(revoked).write('auth/token/revoke-self', {}));
  const spent = stage.code(ada);
  await expecting(200, stage.vault().validate(pending, spent));
  const ahead = stage.code(ada, 1);
  await expecting(200, stage.vault().validate(await stage.request('ada'), ahead));

  await offline(`DROP DATABASE ${live()}`, `ALTER DATABASE ${backup()} RENAME TO ${live()}`);
  await expecting(200, stage.vault().with(revoked).read('auth/token/lookup-self'));

  const { code, data, errors } = await operator.run(['after-restore', '--json']);
  expect([code, errors]).toEqual([0, '']);
  expect(data).toMatchObject({
    authenticators: 1,
    unconfirmedSeeds: 0,
    enrolmentWindows: 0,
    activationCodes: 0,
  });
  await expecting(403, stage.vault().with(revoked).read('auth/token/lookup-self'));
  await expecting(403, stage.root.read('auth/token/lookup-self'));
  await expecting(400, stage.vault().validate(pending, spent));
  for (const used of [spent, ahead])
    expect((await stage.vault().validate(await stage.request('ada'), used)).status).toBe(403);

  // Seeds still open, and the next code is the first that counts; new seals have a key of their own.
  stage.clock.advance(60);
  await expecting(200, stage.vault().validate(await stage.request('ada'), stage.code(ada, 1)));
  const { data: keys } = await operator.run(['keys', 'list', '--json']);
  expect(keys.dataKeys.at(-1)).toMatchObject({ id: data.dataKeyId, retiredAt: null, values: 0 });
  const [event] = await stage.rows(
    `SELECT actor_name, detail->>'authenticators' AS spent, detail ? 'auditRows' AS marked FROM audit_events WHERE action = 'installation.restored'`,
  );
  expect(event).toEqual({ actor_name: 'operator', spent: '1', marked: true });
}, 90_000);
