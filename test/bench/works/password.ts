import { type Bench, mustEqual } from '../rig/bench.ts';
import { type Contestant, contest, type Score } from '../rig/contest.ts';
import type { LoadRequest } from '../rig/load.ts';
import { Rival, RIVAL } from '../rig/rival.ts';
import { PASSWORD } from '../rig/scene.ts';
import { startSide } from '../rig/side.ts';

/** Sign-ins a round. */
const TIMES = 200;
/** Of better-auth as it is shipped, whose hash takes ten times as long. */
const TIMES_AS_SHIPPED = 40;
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
  const asShipped = await Rival.openAsShipped(postgres, TIMES_AS_SHIPPED);
  const bare = await startSide('argon2', { ARGON2_HASH: scene.passwordHash, PASSWORD });
  const tokens = async (): Promise<number> => {
    const text = `SELECT count(*)::int AS count FROM tokens WHERE path LIKE 'auth/plain/%'`;
    return (await postgres.rows<{ count: number }>(scene.database, text))[0]!.count;
  };
  let ours = 0;
  const send = (port: number, requests: LoadRequest[]) =>
    client.send({ ports: [port], requests, connections: AT_ONCE });
  const signInAt = (other: Rival, how: string, times: number): Contestant => {
    let before = 0;
    return {
      name: `${RIVAL}, ${how}`,
      pids: () => [other.side.pid],
      prepare: async () => void (before = await other.sessions()),
      run: () => send(other.side.port, other.passwordSignIns(times)),
      prove: async (_, done) => mustEqual((await other.sessions()) - before, done, 'sessions'),
    };
  };
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
      signInAt(rival, 'with Argon2id', TIMES),
      signInAt(asShipped, 'with its scrypt', TIMES_AS_SHIPPED),
    ],
    { rounds, warmUp: 5, postgresPid: postgres.pid },
  );
  await asShipped.side.stop();
  await bare.stop();
  return scores;
}
