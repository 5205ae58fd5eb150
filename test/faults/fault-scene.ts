import { AcknowledgedLoad, type LoadSize } from '../support/acknowledged-load.js';
import { AppgateClient } from '../support/appgate-client.js';
import { LiveClock } from '../support/live-clock.js';
import { PostgresCluster } from '../support/postgres-cluster.js';
import { PostgresProxy } from '../support/postgres-proxy.js';
import { type Sallyport, startSallyport, type TestClock } from '../support/sallyport.js';
import { type Answer, send } from '../support/send.js';
import { databaseSettings, serverUrlOf } from '../support/test-server.js';
import { VaultClient } from '../support/vault-client.js';

export interface FaultSceneOptions {
  /** Goes with the process unless given. */
  clock?: TestClock;
  /** Of PostgreSQL. */
  postgres?: Record<string, string>;
  /** Where its files lie. */
  place?: string;
  /** Of the server. */
  settings?: Record<string, string>;
}

/** A server, its own durable PostgreSQL, and the proxy between them. */
export class FaultScene {
  private constructor(
    readonly cluster: PostgresCluster,
    readonly proxy: PostgresProxy,
    readonly server: Sallyport,
  ) {}

  static async open({ clock, postgres, place, settings }: FaultSceneOptions = {}): Promise<FaultScene> {
    const cluster = await PostgresCluster.start(postgres, place);
    const proxy = await PostgresProxy.open(cluster.directory);
    const server = await startSallyport({
      clock: clock ?? new LiveClock(),
      settings: {
        ...databaseSettings(cluster.url),
        DATABASE_URL: serverUrlOf(proxy.url(cluster.url)),
        SALLYPORT_ACCEPT_UNSAFE_DATABASE: '',
        ...settings,
      },
    });
    return new FaultScene(cluster, proxy, server);
  }

  async close(): Promise<void> {
    this.proxy.thaw();
    this.cluster.thaw();
    await this.server.stop();
    await this.proxy.close();
    await this.cluster.remove();
  }

  get vault(): VaultClient {
    return new VaultClient(this.server.url);
  }

  get root(): VaultClient {
    return this.vault.with(this.server.rootToken);
  }

  get appgate(): AppgateClient {
    return new AppgateClient(this.server.url);
  }

  load(size: LoadSize): Promise<AcknowledgedLoad> {
    const { url, rootToken, adminPassword } = this.server;
    return AcknowledgedLoad.prepare({ url: () => url, rootToken, adminPassword }, size);
  }

  /** What a balancer and a supervisor see. */
  async health(): Promise<{ ready: number; alive: number }> {
    const [ready, alive] = await Promise.all([this.ask('/readyz'), this.ask('/healthz')]);
    return { ready: ready.status, alive: alive.status };
  }

  ask(path: string): Promise<Answer> {
    return send({ method: 'GET', url: `${this.server.url}${path}` });
  }
}
