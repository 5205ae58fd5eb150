import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** One request as the client sends it. */
export interface LoadRequest {
  method: string;
  path: string;
  headers: Record<string, string>;
  body?: string;
}

/** What a client is to send. */
export interface Load {
  /** Ports of 127.0.0.1; connections are spread over them in turn. */
  ports: number[];
  requests: LoadRequest[];
  connections: number;
  /** So long the requests are sent again and again; absent: each of them once. */
  seconds?: number;
}

/** What came of a round, whoever sent it. */
export interface Round {
  seconds: number;
  /** Milliseconds each took. */
  latencies: number[];
  /** How many answers had which status; a broken connection counts as 0. */
  statuses: Record<number, number>;
}

/** The client, in a process of its own: its work is not measured as a server's. */
export class LoadClient {
  private readonly child: ChildProcess;

  constructor() {
    this.child = fork(new URL('./load-process.ts', import.meta.url), { serialization: 'advanced' });
    process.once('exit', () => this.stop());
  }

  get pid(): number {
    return this.child.pid!;
  }

  async send(load: Load): Promise<Round> {
    this.child.send(load);
    const [round] = (await once(this.child, 'message')) as [Round];
    return round;
  }

  stop(): void {
    this.child.kill();
  }
}
