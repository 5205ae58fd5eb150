import { at, median } from '../measure.ts';
import { plantDevices, plantTokens, liveTokens } from '../plant-tokens.ts';
import { plantUsers } from '../plant-users.ts';
import { type Bench, sendFor } from '../rig/bench.ts';
import { contest, type Score } from '../rig/contest.ts';
import type { LoadRequest } from '../rig/load.ts';
import { secretOf } from '../rig/people.ts';
import { makeScene } from '../rig/scene.ts';
import { type Side, startServer } from '../rig/side.ts';
import { lookUps, WARM_UP } from './token-check.ts';

const USERS = 100_000;
const TOKENS_EACH = 10;
const SECONDS = 2;

export interface Growth {
  /** Look-ups with few tokens and with many. */
  checks: Score[];
  tokens: number[];
  /** Milliseconds of a page of 50 of all the users, ascending. */
  pages: number[];
  users: number;
  /** Live tokens that were ended, and the milliseconds that took. */
  ended: number;
  endedIn: number;
}

/** What a token check, a page of users and the end of all tokens cost in a database that has grown large. */
export async function growLarge(bench: Bench): Promise<Growth> {
  const { postgres } = bench;
  const large = await makeScene(postgres, 'large', { owing: 10, plain: 1_000, tokens: 1_000 });
  const scene = {
    rows: <Row extends object>(text: string, values?: unknown[]) =>
      postgres.rows<Row>(large.database, text, values),
  };
  await plantUsers(scene, USERS);
  await plantDevices(scene);
  await plantTokens(scene, TOKENS_EACH);
  await scene.rows('VACUUM ANALYZE');
  const server = await startServer(large.settings);
  await postgres.mustBeDurable(large.database);

  const checks = await compareChecks(bench, server);
  const pages = await pagesOf(bench, server);
  const tokens = await Promise.all(
    [bench.scene.database, large.database].map((database) => countOf(bench, database, 'tokens')),
  );
  const users = await countOf(bench, large.database, 'local_users');
  const ended = await liveTokens(scene);
  const endedIn = await endAll(server);
  const left = await liveTokens(scene);
  if (left > 0) throw new Error(`${left} tokens live on`);
  await server.stop();
  return { checks, tokens, pages, users, ended, endedIn };
}

async function compareChecks(bench: Bench, large: Side): Promise<Score[]> {
  const sides = [
    { name: 'Sallyport, few tokens', side: bench.server },
    { name: 'Sallyport, many tokens', side: large },
  ];
  // The other one has been at work for longer.
  await sendFor(bench, [large], lookUps(), WARM_UP);
  for (const { side } of sides) await sendFor(bench, [side], lookUps(), 1);
  const contestants = sides.map(({ name, side }) => ({
    name,
    pids: () => [side.pid],
    run: () => sendFor(bench, [side], lookUps(), SECONDS),
  }));
  return contest(contestants, { rounds: bench.rounds, warmUp: 2, postgresPid: bench.postgres.pid });
}

function adminRequest(method: string, path: string, body?: object): LoadRequest {
  return {
    method,
    path: `/admin/${path}`,
    headers: {
      accept: 'application/vnd.appgate.peer-v23+json',
      authorization: `Bearer ${secretOf('admin', 1)}`,
      'content-type': 'application/json',
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  };
}

async function pagesOf({ client }: Bench, server: Side): Promise<number[]> {
  const page = adminRequest('GET', 'local-users?range=0-50&orderBy=name');
  const { latencies, statuses } = await client.send({
    ports: [server.port],
    requests: Array<LoadRequest>(120).fill(page),
    connections: 1,
  });
  if (statuses[200] !== 120) throw new Error(`pages: ${JSON.stringify(statuses)}`);
  return latencies.slice(20).toSorted((one, other) => one - other);
}

async function endAll(server: Side): Promise<number> {
  const { method, path, headers, body } = adminRequest('POST', 'on-boarded-devices/revoke-tokens', {
    distinguishedNameFilter: '',
  });
  const started = performance.now();
  const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, {
    method,
    headers,
    body: body ?? null,
  });
  await answer.arrayBuffer();
  if (!answer.ok) throw new Error(`ending all tokens: ${answer.status}`);
  return performance.now() - started;
}

async function countOf(
  { postgres }: Bench,
  database: string,
  table: 'tokens' | 'local_users',
): Promise<number> {
  const [row] = await postgres.rows<{ count: number }>(
    database,
    `SELECT count(*)::int AS count FROM ${table}`,
  );
  return row!.count;
}

export const middleOf = (ascending: number[]) => ({
  p50: median(ascending),
  p95: at(ascending, 0.95),
  p99: at(ascending, 0.99),
});
