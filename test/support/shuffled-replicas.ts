import { randomInt } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

/** Restarts begin after so many requests, one replica at a time. */
const REQUESTS_BETWEEN = 10;

interface Replica {
  url: string;
  underWay: number;
  resting: boolean;
  stop: () => Promise<void>;
}

/** By the address that stands for all of a set. */
const sets = new Map<string, ShuffledReplicas>();

/** Replicas of one server: each request goes to a random one of them, and they restart in turn while requests come (S89). */
export class ShuffledReplicas {
  private readonly replicas: Replica[] = [];
  private requests = 0;
  private turn = 0;
  private restarting: Promise<void> = Promise.resolve();
  private busy = false;

  private constructor(
    private readonly address: string,
    private readonly start: () => Promise<{ url: string; stop: () => Promise<void> }>,
  ) {}

  /** @param address what the tests know; requests to it are sent elsewhere from now on. */
  static async open(
    address: string,
    count: number,
    start: () => Promise<{ url: string; stop: () => Promise<void> }>,
  ): Promise<ShuffledReplicas> {
    const set = new ShuffledReplicas(address, start);
    while (set.replicas.length < count) set.replicas.push(await set.fresh());
    sets.set(address, set);
    return set;
  }

  async close(): Promise<void> {
    sets.delete(this.address);
    await this.restarting;
    for (const replica of this.replicas) await replica.stop();
  }

  async serve<T>(work: (origin: string) => Promise<T>): Promise<T> {
    const awake = this.replicas.filter(({ resting }) => !resting);
    const replica = awake[randomInt(awake.length)]!;
    // First: a replica is not restarted under the request that makes it so.
    replica.underWay += 1;
    this.requests += 1;
    if (this.requests % REQUESTS_BETWEEN === 0 && !this.busy) this.restarting = this.restartNext();
    try {
      return await work(replica.url);
    } finally {
      replica.underWay -= 1;
    }
  }

  private async restartNext(): Promise<void> {
    this.busy = true;
    const place = this.turn % this.replicas.length;
    this.turn += 1;
    const old = this.replicas[place]!;
    old.resting = true;
    while (old.underWay > 0) await pause(5);
    await old.stop();
    this.replicas[place] = await this.fresh();
    this.busy = false;
  }

  private async fresh(): Promise<Replica> {
    const { url, stop } = await this.start();
    return { url, stop, underWay: 0, resting: false };
  }
}

/** Does the work with the URL of whichever replica is to serve it; where there are none, with the URL as it is. */
export function atSomeReplica<T>(url: string, work: (url: string) => Promise<T>): Promise<T> {
  if (sets.size === 0) return work(url);
  const { origin } = new URL(url);
  const set = sets.get(origin);
  return set === undefined ? work(url) : set.serve((other) => work(url.replace(origin, other)));
}
