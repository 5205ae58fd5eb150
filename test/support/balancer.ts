import {
  Agent,
  createServer,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';

/** How often it looks whether a replica is ready. */
const LOOK_MS = 500;

interface Replica {
  url: string;
  ready: boolean;
}

/** Spreads requests over the replicas that say they are ready. It tries nothing twice: who fails shows. */
export class Balancer {
  private readonly replicas: Replica[] = [];
  private readonly agent = new Agent({ keepAlive: true });
  private readonly timer: NodeJS.Timeout;
  private next = 0;

  private constructor(
    private readonly server: Server,
    readonly url: string,
  ) {
    this.timer = setInterval(() => void this.look(), LOOK_MS);
  }

  static async open(): Promise<Balancer> {
    const server = createServer((incoming, outgoing) => balancer.forward(incoming, outgoing));
    // A client's idle connection ends by the client alone.
    server.keepAliveTimeout = 3_600_000;
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const balancer = new Balancer(server, `http://127.0.0.1:${port}`);
    return balancer;
  }

  /** Takes a replica in, once it is ready. */
  async add(url: string): Promise<void> {
    this.replicas.push({ url, ready: false });
    await this.look();
  }

  /** One that has ended. */
  remove(url: string): void {
    this.replicas.splice(
      this.replicas.findIndex((replica) => replica.url === url),
      1,
    );
  }

  async close(): Promise<void> {
    clearInterval(this.timer);
    this.agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async look(): Promise<void> {
    await Promise.all(
      this.replicas.map(async (replica) => {
        const answer = await fetch(`${replica.url}/readyz`).catch(() => null);
        replica.ready = answer?.status === 200;
      }),
    );
  }

  private forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const ready = this.replicas.filter((replica) => replica.ready);
    this.next += 1;
    const replica = ready[this.next % Math.max(1, ready.length)];
    if (replica === undefined) return void outgoing.writeHead(502).end('no replica is ready');
    const { method, url, headers } = incoming;
    const passed = request(`${replica.url}${url}`, { method, headers, agent: this.agent }, (answer) => {
      outgoing.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on('error', (error) => {
      if (outgoing.headersSent) return void outgoing.destroy();
      outgoing.writeHead(502).end(`${replica.url}: ${error.message}`);
    });
    incoming.pipe(passed);
  }
}
