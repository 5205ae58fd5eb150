import { LoadClient, type LoadRequest, type Round } from './load.ts';
import { type BenchPostgres } from './postgres.ts';
import type { Rival } from './rival.ts';
import { POOL, type Scene } from './scene.ts';
import type { Side } from './side.ts';

/** What every work of a run shares. */
export interface Bench {
  postgres: BenchPostgres;
  client: LoadClient;
  /** A server over a database of ordinary size. */
  scene: Scene;
  server: Side;
  rival: Rival;
  /** Rounds of each side. */
  rounds: number;
}

/** Connections of the client, as the goals have it. */
export const CONNECTIONS = 32;
export const POOL_SETTING = { POOL };
/** Sign-ins a round. */
export const SIGN_INS = 1_500;

/** Sends each of the requests once. */
export function sendOnce({ client }: Bench, side: Side, requests: LoadRequest[]): Promise<Round> {
  return client.send({ ports: [side.port], requests, connections: CONNECTIONS });
}

/** Sends them again and again. */
export function sendFor(
  { client }: Bench,
  sides: Side[],
  requests: LoadRequest[],
  seconds: number,
): Promise<Round> {
  return client.send({ ports: sides.map(({ port }) => port), requests, connections: CONNECTIONS, seconds });
}

/** @throws Error unless the database holds what was acknowledged. */
export function mustEqual(found: number, wanted: number, what: string): void {
  if (found !== wanted) throw new Error(`${wanted} acknowledged, but ${found} ${what} in the database`);
}
