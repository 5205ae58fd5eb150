import { type Bench, mustEqual } from '../rig/bench.ts';
import { contest, type Score } from '../rig/contest.ts';
import type { LoadRequest } from '../rig/load.ts';
import { RIVAL } from '../rig/rival.ts';
import { PASSWORD } from '../rig/scene.ts';
import { startSide } from '../rig/side.ts';

/** Sign-ins a round. */
const TIMES = 200;
/** Few enough that nobody is told to come again (S12). */
const AT_ONCE = 16;

function signIns(): LoadRequest[] {
  return Array.from({ length: TIMES }, (_, index) => ({
    method: 'POST',
    path: `/v1/auth/plain/login/plain-${index + 1}`,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ password: PASSWORD }),
  }));
}

/** Signs in with a password alone. */
export async function signInByPassword(bench: Bench): Promise<Score[]> {
  const { postgres, scene, server, rival, rounds, client } = bench;
  const bare = await startSide('argon2', { ARGON2_HASH: scene.passwordHash, PASSWORD });
  const tokens = async (): Promise<number> => {
    const text = `SELECT count(*)::int AS count FROM tokens WHERE path LIKE 'auth/plain/%'`;
    return (await postgres.rows<{ count: number }>(scene.database, text))[0]!.count;
  };
  let [ours, theirs] = [0, 0];
  const send = (port: number, requests: LoadRequest[]) =>
    client.send({ ports: [port], requests, connections: AT_ONCE });
  const scores = await contest(
    [
      { name: 'bare Argon2id', pids: () => [bare.pid], run: () => bare.ask({ times: TIMES }) },
      {
        name: 'Sallyport',
        pids: () => [server.pid],
        prepare: async () => void (ours = await tokens()),
        run: () => send(server.port, signIns()),
        prove: async (_, done) => mustEqual((await tokens()) - ours, done, 'tokens'),
      },
      {
        name: `${RIVAL}, with Argon2id`,
        pids: () => [rival.side.pid],
        prepare: async () => void (theirs = await rival.sessions()),
        run: () => send(rival.side.port, rival.passwordSignIns(TIMES)),
        prove: async (_, done) => mustEqual((await rival.sessions()) - theirs, done, 'sessions'),
      },
    ],
    { rounds, warmUp: 5, postgresPid: postgres.pid },
  );
  await bare.stop();
  return scores;
}
