import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Bench, CONNECTIONS, mustEqual, POOL_SETTING, sendOnce, SIGN_INS } from '../rig/bench.ts';
import { codeOf } from '../rig/codes.ts';
import { type Contestant, contest, type Score } from '../rig/contest.ts';
import type { LoadRequest } from '../rig/load.ts';
import { handleOf, METHOD, plantSignIns } from '../rig/people.ts';
import { RIVAL } from '../rig/rival.ts';
import { makeScene, type Scene } from '../rig/scene.ts';
import { IN_MODULES, type Side, startServer, startSide } from '../rig/side.ts';

type Dialect = 'vault' | 'appgate';

/** The sign-ins of a round, each with a code nobody has used. */
function finishes(dialect: Dialect, { seeds }: Scene): LoadRequest[] {
  const now = Date.now();
  return seeds.slice(0, SIGN_INS).map((seed, index): LoadRequest => {
    const [handle, code] = [handleOf(dialect, index + 1), codeOf(seed, now)];
    if (dialect === 'vault')
      return {
        method: 'POST',
        path: '/v1/sys/mfa/validate',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ mfa_request_id: handle, mfa_payload: { [METHOD]: [code] } }),
      };
    return {
      method: 'POST',
      path: '/admin/authentication/otp',
      headers: {
        'content-type': 'application/json',
        accept: 'application/vnd.appgate.peer-v23+json',
        authorization: `Bearer ${handle}`,
      },
      body: JSON.stringify({ otp: code }),
    };
  });
}

/** Finishes sign-ins with a code: durable, not to be replayed, audited. */
export async function finishSignIns(bench: Bench, dialect: Dialect, recorded: Recorded): Promise<Score[]> {
  const { postgres, scene, server, rival, rounds } = bench;
  const bare = await startSide('statements', {
    DATABASE_URL: recorded.scene.settings['DATABASE_URL']!,
    ...POOL_SETTING,
    RECORDED: recorded.files[dialect],
    AT_ONCE: String(CONNECTIONS),
  });
  let requests: LoadRequest[] = [];
  let rivalSessions = 0;
  const before = await kept(bench, scene, dialect);
  const contestants: Contestant[] = [
    {
      name: 'the same SQL, bare pool',
      pids: () => [bare.pid],
      prepare: () => recorded.rewind(dialect),
      run: () => bare.ask({}),
      prove: async (_, done) =>
        mustEqual((await kept(bench, recorded.scene, dialect)).steps, done, 'used steps'),
    },
    {
      name: 'Sallyport',
      pids: () => [server.pid],
      prepare: async () => {
        await plantSignIns(postgres, scene.database, {
          kind: 'owing',
          count: SIGN_INS,
          origin: dialect,
          mount: mountOf(dialect, scene),
        });
        requests = finishes(dialect, scene);
      },
      run: () => sendOnce(bench, server, requests),
      prove: async (round, done) => {
        const now = await kept(bench, scene, dialect);
        mustEqual(now.steps, done, 'used steps');
        mustEqual(now.events - before.events, done * (round + 1), 'audit events');
        mustEqual(now.tokens - before.tokens, dialect === 'vault' ? done * (round + 1) : 0, 'tokens');
      },
    },
    {
      name: RIVAL,
      pids: () => [rival.side.pid],
      prepare: async () => {
        await rival.plantSignIns(SIGN_INS);
        rivalSessions = await rival.sessions();
        requests = rival.finishes(SIGN_INS);
      },
      run: () => sendOnce(bench, rival.side, requests),
      prove: async (_, done) => mustEqual((await rival.sessions()) - rivalSessions, done, 'sessions'),
    },
  ];
  const scores = await contest(contestants, { rounds, warmUp: 5, postgresPid: postgres.pid });
  await bare.stop();
  return scores;
}

function mountOf(dialect: Dialect, { mounts }: Scene): string | null {
  return dialect === 'vault' ? mounts.owing : null;
}

async function kept({ postgres }: Bench, { database }: Scene, dialect: Dialect) {
  const action = dialect === 'vault' ? 'sign-in.finished' : 'sign-in.factor-accepted';
  const [row] = await postgres.rows<{ steps: number; events: number; tokens: number }>(
    database,
    `SELECT (SELECT count(*) FROM totp_enrollments WHERE last_used_step IS NOT NULL)::int AS steps,
       (SELECT count(*) FROM audit_events WHERE action = $1)::int AS events, (SELECT count(*) FROM tokens)::int AS tokens`,
    [action],
  );
  return row!;
}

/** What the server sends to PostgreSQL for a round of sign-ins, and a database to send it to again. */
export interface Recorded {
  scene: Scene;
  files: Record<Dialect, string>;
  /** Puts the database back to where the recording began. */
  rewind(dialect: Dialect): Promise<void>;
}

/** Lets a server finish a round of each dialect on a database of its own while its statements are written down. */
export async function recordStatements(bench: Omit<Bench, 'scene' | 'server' | 'rival'>): Promise<Recorded> {
  const { postgres, client } = bench;
  const scene = await makeScene(postgres, 'bare', { owing: SIGN_INS, plain: 10, tokens: 10 });
  const files = {
    vault: join(postgres.folder, 'vault.jsonl'),
    appgate: join(postgres.folder, 'appgate.jsonl'),
  };
  const rewind = async (dialect: Dialect): Promise<void> => {
    await postgres.rows(
      scene.database,
      `BEGIN; SET LOCAL session_replication_role = replica; DELETE FROM tokens WHERE path LIKE 'auth/userpass/%'; DELETE FROM audit_events;
       DELETE FROM audit_unsealed; COMMIT`,
    );
    await plantSignIns(postgres, scene.database, {
      kind: 'owing',
      count: SIGN_INS,
      origin: dialect,
      mount: mountOf(dialect, scene),
    });
  };
  for (const dialect of ['vault', 'appgate'] as const) {
    await rewind(dialect);
    const server: Side = await startServer(
      { ...scene.settings, RECORD_TO: files[dialect] },
      ['--import', fileURLToPath(new URL('../sides/record-statements.ts', import.meta.url))],
      IN_MODULES,
    );
    // One after the other: each statement is told apart by the request that sent it, and none waits for a connection.
    const { statuses } = await client.send({
      ports: [server.port],
      requests: finishes(dialect, scene),
      connections: 1,
    });
    await server.stop();
    mustEqual(statuses[200] ?? 0, SIGN_INS, 'of them answered');
    const recorded = new Set(readFileSync(files[dialect], 'utf8').match(/^\{"request":\d+/gm));
    mustEqual(recorded.size, SIGN_INS, 'of them recorded');
  }
  return { scene, files, rewind };
}
