import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type pg from 'pg';
import { APPLICATION, applicationUrl, ensureApplicationDatabase, SERVER } from './application-database.js';
import type { Site } from './cluster.js';
import { LaunchAttempts } from './launch-attempts.js';
import { AlreadyOwned, claim, knock } from './owner.js';
import { findPostmaster, launchPostmaster, type Postmaster, runsAsWanted, shutDown } from './postmaster.js';
import type { SocketDirectory } from './socket-directory.js';

/** More than a recovery after a crash takes. */
const START_MS = 300_000;
const LONGEST_REST_MS = 10_000;

/** One cluster's server while we own it: brought up, watched, brought up again, and stopped. */
export class Server {
  readonly socketDirectory: string;
  readonly user = APPLICATION;
  readonly database = APPLICATION;
  readonly url: string;
  readonly serverUrl: string;

  private owner: pg.Client | undefined;
  private launched: Postmaster | undefined;
  private reviving: Promise<void> = Promise.resolve();
  private stopped: Promise<void> | undefined;
  private readonly stopping = new AbortController();

  constructor(
    private readonly site: Site,
    private readonly socket: SocketDirectory,
    private readonly log: (line: string) => void,
  ) {
    this.socketDirectory = socket.path;
    this.url = applicationUrl(socket.path, APPLICATION);
    this.serverUrl = applicationUrl(socket.path, SERVER);
  }

  /** Returns as the owner of a server that answers and holds our database. */
  async bringUp(): Promise<void> {
    const deadline = performance.now() + START_MS;
    const attempts = new LaunchAttempts();
    while (!this.stopping.signal.aborted) {
      if (performance.now() > deadline) throw new Error('The embedded PostgreSQL does not become ready.');
      const answer = await knock(this.socketDirectory);
      if (answer === 'nobody' && !this.launched?.running()) {
        if (this.launched) await attempts.recordFailure(this.launched);
        this.launched = await launchPostmaster(this.site, this.log);
      }
      if (typeof answer === 'object' && (await this.own(answer.session))) return;
      await pause(25);
    }
  }

  stop(): Promise<void> {
    this.stopping.abort();
    this.stopped ??= this.windUp();
    return this.stopped;
  }

  private async own(session: pg.Client): Promise<boolean> {
    try {
      await claim(session, dirname(this.site.cluster));
      if (!(await this.isWanted(session))) return false;
      await ensureApplicationDatabase(session);
    } catch (failure) {
      // What we launched in a race serves its owner now.
      if (failure instanceof AlreadyOwned) this.launched = undefined;
      await session.end().catch(() => {});
      throw failure;
    }
    this.owner = session;
    session.once('end', () => this.revive());
    return true;
  }

  /** False when the server that answered was started differently from what we want; it has been stopped then. */
  private async isWanted(session: pg.Client): Promise<boolean> {
    const { cluster, binaries } = this.site;
    const pid = await findPostmaster(cluster);
    if (pid === undefined) {
      throw new Error(
        `The database in ${cluster} is served from another container or machine: end that PostgreSQL first.`,
      );
    }
    if (pid === this.launched?.pid) return true;

    const { rows } = await session.query<{ server_version: string }>('SHOW server_version');
    if (rows[0]?.server_version === binaries.version && (await runsAsWanted(this.site))) {
      this.log(`adopted the PostgreSQL found running (process ${pid})`);
      return true;
    }
    this.log(`restarting the PostgreSQL found running (process ${pid}): it was started differently`);
    await shutDown(pid, cluster);
    return false;
  }

  /** Our session ends when the server does, or when it drops all sessions because one of them crashed. */
  private revive(): void {
    this.owner = undefined;
    this.launched = this.launched?.running() ? this.launched : undefined;
    if (this.stopping.signal.aborted) return;
    this.log('lost the embedded PostgreSQL, bringing it up again');
    this.reviving = this.keepTrying();
  }

  private async keepTrying(): Promise<void> {
    for (let rest = 250; !this.stopping.signal.aborted; rest = Math.min(rest * 2, LONGEST_REST_MS)) {
      try {
        return await this.bringUp();
      } catch (failure) {
        this.log(`the embedded PostgreSQL is still down: ${(failure as Error).message}`);
        if (failure instanceof AlreadyOwned) return;
        await pause(rest, undefined, { signal: this.stopping.signal }).catch(() => {});
      }
    }
  }

  private async windUp(): Promise<void> {
    await this.reviving;
    const pid = this.owner ? await findPostmaster(this.site.cluster) : this.launchedPid();
    if (pid !== undefined) await shutDown(pid, this.site.cluster);
    if (pid === this.launched?.pid) await this.launched?.ended;
    await this.owner?.end();
    await this.socket.remove();
  }

  private launchedPid(): number | undefined {
    return this.launched?.running() ? this.launched.pid : undefined;
  }
}
