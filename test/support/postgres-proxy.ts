import { createServer, type Server, type Socket, connect } from 'node:net';
import { join } from 'node:path';
import { MessageReader, textsOf } from './postgres-messages.js';

/** Where a fault strikes: before Postgres sees the statement, or once it has answered it and the answer is kept back. */
export type Moment = 'before' | 'after';
/** The connection is closed, or stays open and silent for good. */
export type Fate = 'cut' | 'stall';

export interface ConnectionFault {
  /** Which statement: its text, and the how many-th of that text from now on, counted from 1. */
  statement: string;
  nth: number;
  moment: Moment;
  fate: Fate;
}

/** Stands between a server and its Postgres, reads along, and fails as it is told. */
export class PostgresProxy {
  private readonly connections = new Set<ProxiedConnection>();
  private seen: Map<string, number> = new Map();
  private fault: ConnectionFault | null = null;
  private frozen = false;
  private refusing = false;
  private delay = 0;
  private log: string[] | null = null;

  private constructor(
    private readonly server: Server,
    private directory: string,
  ) {
    server.on('connection', (socket) => this.accept(socket));
  }

  /** @param directory where Postgres' socket lies. */
  static async open(directory: string): Promise<PostgresProxy> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PostgresProxy(server, directory);
  }

  /** The same database through here. */
  url(direct: string): string {
    const { username, pathname } = new URL(direct.replace('@/', '@localhost/'));
    const { port } = this.server.address() as { port: number };
    return `postgres://${username}@127.0.0.1:${port}${pathname}`;
  }

  /** Every statement that passes while the work is done, in order. */
  async listen(work: () => Promise<unknown>): Promise<string[]> {
    this.log = [];
    await work();
    const heard = this.log;
    this.log = null;
    return heard;
  }

  /** Strikes once. */
  plan(fault: ConnectionFault): void {
    this.seen = new Map();
    this.fault = fault;
  }

  /** Whether what was planned has not happened. */
  get pending(): boolean {
    return this.fault !== null;
  }

  forget(): void {
    this.fault = null;
  }

  /** Nothing passes, nothing is closed, and who comes waits. */
  freeze(): void {
    this.frozen = true;
    for (const connection of this.connections) connection.hold();
  }

  thaw(): void {
    this.frozen = false;
    for (const connection of this.connections) connection.goOn();
  }

  /** The connections that are held stay so for good: their Postgres is lost without a word. */
  leaveFrozen(): void {
    for (const connection of this.connections) connection.abandon();
  }

  /** Closes every connection, and each new one at once. */
  refuse(): void {
    this.refusing = true;
    this.cut();
  }

  admit(): void {
    this.refusing = false;
  }

  cut(): void {
    for (const connection of this.connections) connection.destroy();
  }

  /** Every message takes so many milliseconds on its way to Postgres. */
  slowDown(milliseconds: number): void {
    this.delay = milliseconds;
  }

  /** New connections lead to another Postgres; those there are end. */
  pointTo(directory: string): void {
    this.directory = directory;
    this.cut();
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.cut();
    await closed;
  }

  /** @returns the fault that strikes this statement. */
  meet(statement: string): ConnectionFault | null {
    this.log?.push(statement);
    if (this.fault === null) return null;
    const count = (this.seen.get(statement) ?? 0) + 1;
    this.seen.set(statement, count);
    if (statement !== this.fault.statement || count !== this.fault.nth) return null;
    const striking = this.fault;
    this.fault = null;
    return striking;
  }

  get milliseconds(): number {
    return this.delay;
  }

  private accept(socket: Socket): void {
    if (this.refusing) return void socket.destroy();
    const upstream = connect(join(this.directory, '.s.PGSQL.5432'));
    const connection = new ProxiedConnection(this, socket, upstream);
    this.connections.add(connection);
    socket.on('close', () => this.connections.delete(connection));
    if (this.frozen) connection.hold();
  }
}

class ProxiedConnection {
  private readonly asked = new MessageReader(true);
  private readonly answered = new MessageReader(false);
  private readonly statements = new Map<string, string>();
  private readonly portals = new Map<string, string>();
  private struck: ConnectionFault | null = null;
  private dead = false;

  constructor(
    private readonly proxy: PostgresProxy,
    private readonly client: Socket,
    private readonly postgres: Socket,
  ) {
    client.on('data', (bytes) => this.ask(bytes));
    postgres.on('data', (bytes) => this.answer(bytes));
    for (const socket of [client, postgres]) {
      socket.on('error', () => this.lose(socket));
      socket.on('close', () => this.lose(socket));
    }
  }

  hold(): void {
    this.client.pause();
    this.postgres.pause();
  }

  abandon(): void {
    this.dead = true;
    this.postgres.destroy();
  }

  goOn(): void {
    if (this.dead) return;
    this.client.resume();
    this.postgres.resume();
  }

  /** A silent one ends too. */
  destroy(): void {
    this.client.destroy();
    this.postgres.destroy();
  }

  private lose(socket: Socket): void {
    if (!this.dead || socket === this.client) this.destroy();
  }

  private ask(bytes: Buffer): void {
    const passing: Buffer[] = [];
    for (const message of this.asked.read(bytes)) {
      if (this.dead) return;
      const statement = textsOf(message, this.statements, this.portals);
      const fault = statement === null ? null : this.proxy.meet(statement);
      if (fault?.moment === 'before') return this.die(fault);
      this.struck ??= fault;
      passing.push(message);
    }
    this.pass(Buffer.concat(passing));
  }

  private pass(bytes: Buffer): void {
    if (this.dead || bytes.length === 0) return;
    if (this.proxy.milliseconds === 0) return void this.postgres.write(bytes);
    setTimeout(() => this.postgres.writable && this.postgres.write(bytes), this.proxy.milliseconds);
  }

  private answer(bytes: Buffer): void {
    if (this.dead) return;
    if (this.struck === null) {
      this.answered.read(bytes);
      return void this.client.write(bytes);
    }
    // ReadyForQuery: whatever the statement did is done.
    const done = this.answered.read(bytes).some((message) => message[0] === 0x5a);
    if (done) this.die(this.struck);
  }

  private die({ fate }: ConnectionFault): void {
    this.dead = true;
    if (fate === 'cut') this.destroy();
  }
}
