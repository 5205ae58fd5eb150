import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Clock,
  DURABILITY_SETTINGS,
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DatabaseWatch } from '../../apps/server/src/ops/database-watch.service.js';
import { AppgateClient } from '../support/appgate-client.js';
import { type Sallyport, startSallyport, TestClock } from '../support/sallyport.js';
import { expecting, send } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';
import { VaultClient } from '../support/vault-client.js';
import { databaseSettings } from '../support/test-server.js';

const UNKNOWN_REQUEST = { errors: ['invalid request ID'] };

/** Seconds the clock of one replica is moved by. */
const WRONG = [6, -6, -3_600, 86_400];

async function ready({ url }: Sallyport): Promise<number> {
  return (await send({ method: 'GET', url: `${url}/readyz` })).status;
}

/** A host whose clock is set by the test, under the clock of the process. */
class HostClock extends TestClock {
  override now(): Date {
    return Clock.prototype.now.call(this);
  }

  protected override hostTime(): Date {
    return super.now();
  }
}

describe('a replica whose clock is wrong', () => {
  let stage: Stage;
  let late: Sallyport;
  beforeAll(async () => {
    stage = await Stage.open(1);
    late = await startSallyport({ replicaOf: stage.first, clock: new TestClock() });
  });
  afterAll(async () => {
    await late.stop();
    await stage.close();
  });

  function move(seconds: number): void {
    stage.clock.set(new Date());
    late.clock.set(stage.now);
    late.clock.advance(seconds);
  }

  it.each(WRONG)(
    'S93 is not ready at %i s, the other one is; nearer than 5 s it is again',
    async (seconds) => {
      move(seconds);
      expect([await ready(stage.first), await ready(late)]).toEqual([200, 503]);
      move(Math.sign(seconds) * 4);
      expect([await ready(stage.first), await ready(late)]).toEqual([200, 200]);
    },
  );

  it.each(WRONG)('S93 S17 takes no step that is spent, at %i s', async (seconds) => {
    const player = await stage.addProtected(`step-${seconds}`);
    move(seconds);
    const spent = stage.code(player);
    await expecting(200, stage.vault().validate(await stage.request(player.name), spent));
    const vault = new VaultClient(late.url);
    const { auth } = (await expecting(200, vault.logIn(player.name, PASSWORD))).body;
    await expecting(403, vault.validate(auth.mfa_requirement.mfa_request_id, spent));
    const partial = await new AppgateClient(late.url).partial(player.name, PASSWORD);
    await expecting(401, partial.submit(spent));
  });

  it.each(WRONG)('S93 S36 knows no sign-in that is finished, at %i s', async (seconds) => {
    const player = await stage.addProtected(`partial-${seconds}`);
    await stage.makeAdministrator(player.name);
    move(seconds);
    const partial = await stage.partial(player.name);
    const proven = partial.with((await expecting(200, partial.submit(stage.code(player)))).body.token);
    const final = proven.with((await expecting(200, proven.authorize())).body.token);
    await expecting(401, partial.at(late.url).authorize());
    await expecting(204, final.post('/authentication/logout'));
    await expecting(401, final.at(late.url).get('/local-users'));
    await expecting(401, proven.at(late.url).authorize());

    stage.clock.advance(30);
    const requestId = await stage.request(player.name);
    await expecting(200, stage.vault().validate(requestId, stage.code(player)));
    expect((await new VaultClient(late.url).validate(requestId, stage.code(player, 1))).body).toEqual(
      UNKNOWN_REQUEST,
    );
  });

  it('S93 S34 S36 revives nothing that ended by time, where its clock is set back afterwards', async () => {
    const clock = new HostClock();
    const host = await startSallyport({ replicaOf: stage.first, clock });
    const player = await stage.addProtected('set-back');
    clock.set(stage.now);
    const partial = await stage.partial(player.name);
    const requestId = await stage.request(player.name);
    const code = stage.code(player);
    const admin = (await stage.administrator()).at(host.url);
    await expecting(200, admin.get('/local-users'));
    clock.advance(3_601);
    for (const back of [0, 6, 3_600]) {
      clock.advance(-back);
      await expecting(401, admin.get('/local-users'));
      await expecting(401, partial.at(host.url).submit(code));
      expect((await new VaultClient(host.url).validate(requestId, code)).body).toEqual(UNKNOWN_REQUEST);
    }
    await host.stop();
  });
});

it('S93 S34 revives nothing where it is started with its clock behind', async () => {
  const stage = await Stage.open(1);
  const admin = await stage.administrator();
  await expecting(200, admin.get('/local-users'));
  await stage.first.database.query(`UPDATE tokens SET expires_at = now() - interval '1 second'`);
  const clock = new HostClock();
  clock.advance(-3_600);
  const behind = await startSallyport({ replicaOf: stage.first, clock });
  await expecting(401, admin.at(behind.url).get('/local-users'));
  await behind.stop();
  await stage.close();
});

describe('a database that is no primary, or forgets', () => {
  let folder: string;
  let postgres: EmbeddedPostgres;
  let server: Sallyport;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sallyport-primary-'));
    postgres = await startEmbeddedPostgres({ dataDirectory: folder, durable: true });
    server = await start('');
  });
  afterAll(async () => {
    await server.stop();
    await postgres.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function start(accepted: string, replicaOf?: Sallyport): Promise<Sallyport> {
    const settings = { ...databaseSettings(postgres.url), SALLYPORT_ACCEPT_UNSAFE_DATABASE: accepted };
    return startSallyport({ settings, ...(replicaOf && { replicaOf }) });
  }

  async function doubts(): Promise<string[]> {
    const found = await server.app.get(DatabaseWatch, { strict: false }).look();
    return found.map(({ about }) => about);
  }

  async function restart(settings: Record<string, string>): Promise<void> {
    await postgres.stop();
    postgres = await startEmbeddedPostgres({ dataDirectory: folder, durable: true, settings });
    server.clock.set(new Date());
  }

  it.each(DURABILITY_SETTINGS)('S94 is not decided on while %s is off, unless it is named', async (name) => {
    const others = DURABILITY_SETTINGS.filter((other) => other !== name);
    await restart({});
    expect(await ready(server)).toBe(200);
    await restart({ [name]: 'off' });
    expect([await doubts(), await ready(server)]).toEqual([[name], 503]);
    for (const [accepted, status] of [
      [name, 200],
      [others.join(','), 503],
    ] as const) {
      const replica = await start(accepted, server);
      expect([accepted, await ready(replica)]).toEqual([accepted, status]);
      await replica.stop();
    }
  });

  it('S94 is not decided on as a standby, whatever is accepted', async () => {
    await restart({});
    const replica = await start(DURABILITY_SETTINGS.join(','), server);
    expect([await ready(server), await ready(replica)]).toEqual([200, 200]);
    writeFileSync(join(folder, 'postgres/standby.signal'), '');
    await restart({});
    expect([await doubts(), await ready(server), await ready(replica)]).toEqual([['standby'], 503, 503]);
    await replica.stop();
  });
});
