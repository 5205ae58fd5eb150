import { AsyncLocalStorage } from 'node:async_hooks';
import type { Writable } from 'node:stream';
import { callbackify } from 'node:util';
import pg, { type ClientBase, type PoolClient, type PoolConfig } from 'pg';
import type { DataSource } from 'typeorm';

/** What one caller wants done. */
interface Errand {
  /** Its statements share half of the connections. */
  administers: boolean;
  /** Connections of that share it holds just now. */
  held: number;
}

type Connected = (
  error: Error | undefined,
  client: PoolClient | undefined,
  release: (broken?: unknown) => void,
) => void;

const errands = new AsyncLocalStorage<Errand | null>();

/** Runs what one caller wants done. */
export function inErrand<T>(work: () => T): T {
  return errands.run({ administers: false, held: 0 }, work);
}

/** From here on the statements of this errand share half of the connections: the other half is there for sign-ins (S92). */
export function administer(): void {
  const errand = errands.getStore();
  if (errand) errand.administers = true;
}

/** Runs what one caller asks for all who wait for the same answer: it waits behind nobody's administration. */
export function forEverybody<T>(work: () => T): T {
  return errands.run(null, work);
}

/** The connections TypeORM works with. */
export function poolOf({ driver }: DataSource): ConnectionPool {
  return (driver as unknown as { master: ConnectionPool }).master;
}

/** Whether a statement on this connection has not been answered (yet). */
export function isUnanswered(client: ClientBase): boolean {
  return !(client as ClientBase & { readyForQuery: boolean }).readyForQuery;
}

/** What is written to this connection until the event loop goes on leaves in one piece. */
export function travelTogether(client: ClientBase): void {
  const { stream } = (client as ClientBase & { connection: { stream: Writable } }).connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/**
 * The connections of one process. Administration gets half of them at most; who finds all of a share taken waits as
 * long as for a connection. One that comes back unanswered, or in the middle of a transaction, is closed (S91).
 */
export class ConnectionPool extends pg.Pool {
  private readonly share: number;
  private taken = 0;
  private readonly queue: (() => void)[] = [];
  private readonly held = new Map<ClientBase, { errand: Errand; placed: boolean }>();

  constructor(private readonly settings: PoolConfig) {
    super(settings);
    this.share = Math.max(1, Math.floor(this.options.max / 2));
    this.on('release', (_, client) => this.takeBack(client));
  }

  override connect(): Promise<PoolClient>;
  override connect(callback: Connected): void;
  override connect(callback?: Connected): Promise<PoolClient> | void {
    const errand = errands.getStore();
    if (!errand?.administers) return callback ? super.connect(callback) : super.connect();
    const connecting = this.connectFor(errand);
    if (!callback) return connecting;
    callbackify(() => connecting)((error, client) =>
      callback(error ?? undefined, client, (broken) => client?.release(broken as Error)),
    );
  }

  /** A second connection of the same errand takes no second place: it would wait for itself. */
  private async connectFor(errand: Errand): Promise<PoolClient> {
    const placed = errand.held === 0;
    if (placed) await this.takePlace();
    try {
      const client = await super.connect();
      errand.held += 1;
      this.held.set(client, { errand, placed });
      return client;
    } catch (error) {
      if (placed) this.leavePlace();
      throw error;
    }
  }

  private async takePlace(): Promise<void> {
    if (this.taken < this.share) {
      this.taken += 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const turn = () => {
        clearTimeout(patience);
        resolve();
      };
      const giveUp = () => {
        this.queue.splice(this.queue.indexOf(turn), 1);
        reject(new Error('timeout exceeded when trying to connect'));
      };
      const patience = setTimeout(giveUp, this.settings.connectionTimeoutMillis);
      this.queue.push(turn);
    });
  }

  private leavePlace(): void {
    const next = this.queue.shift();
    if (next) next();
    else this.taken -= 1;
  }

  private takeBack(client: PoolClient): void {
    const holding = this.held.get(client);
    this.held.delete(client);
    if (holding) {
      holding.errand.held -= 1;
      if (holding.placed) this.leavePlace();
    }
    if (isUnanswered(client)) this.dropIdle();
    if (isUnanswered(client) || client.getTransactionStatus() !== 'I') void client.end();
  }

  /** Where one connection went silent the others may have too; who comes next shall not have to find out. */
  private dropIdle(): void {
    for (let left = this.idleCount; left > 0; left -= 1)
      super.connect((_, client) => client?.release(new Error('suspected to be silent')));
  }
}
