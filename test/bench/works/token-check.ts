import { type Bench, POOL_SETTING, sendFor } from '../rig/bench.ts';
import { contest, type Score } from '../rig/contest.ts';
import type { LoadRequest } from '../rig/load.ts';
import { idOf, secretOf } from '../rig/people.ts';
import { RIVAL } from '../rig/rival.ts';
import { startSide } from '../rig/side.ts';

/** Tokens the client takes in turn. */
const TOKENS = 1_000;
const SECONDS = 2;
/** Seconds in which V8 finds out what is hot; the more code there is the longer it takes. */
export const WARM_UP = 12;

/** Each a different token of `/v1`. */
export function lookUps(path = '/v1/auth/token/lookup-self', tokens = TOKENS): LoadRequest[] {
  return Array.from({ length: tokens }, (_, index) => ({
    method: 'GET',
    path,
    headers: { 'x-vault-token': secretOf('plain', index + 1) },
  }));
}

/** Each a different token of `/admin`, each asking for another user. */
export function reads(): LoadRequest[] {
  return Array.from({ length: TOKENS }, (_, index) => ({
    method: 'GET',
    path: `/admin/local-users/${idOf('owing-user', index + 1)}`,
    headers: {
      accept: 'application/vnd.appgate.peer-v23+json',
      authorization: `Bearer ${secretOf('admin', index + 1)}`,
    },
  }));
}

/** Checks tokens, and what they may do. */
export async function checkTokens(bench: Bench): Promise<Score[]> {
  const { postgres, scene, server, rival, rounds } = bench;
  const bare = await startSide('fastify-select', {
    DATABASE_URL: scene.settings['DATABASE_URL']!,
    ...POOL_SETTING,
  });
  const sides = [
    { name: 'bare Fastify, one SELECT', side: bare, requests: lookUps('/check') },
    { name: 'Sallyport, lookup-self', side: server, requests: lookUps() },
    { name: 'Sallyport, local-users/{id}', side: server, requests: reads() },
    { name: RIVAL, side: rival.side, requests: rival.checks(TOKENS) },
  ];
  const contestants = sides.map(({ name, side, requests }) => ({
    name,
    pids: () => [side.pid],
    run: () => sendFor(bench, [side], requests, SECONDS),
  }));
  for (const { side, requests } of sides) await sendFor(bench, [side], requests, WARM_UP);
  const scores = await contest(contestants, { rounds, warmUp: 1, postgresPid: postgres.pid });
  await bare.stop();
  return scores;
}
