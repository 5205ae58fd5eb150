import { Agent, request } from 'node:http';
import { parentPort, workerData } from 'node:worker_threads';

/** Requests from a thread of its own, so that the client's work is not measured as the server's. */
interface Load {
  requests: { method: string; url: string; headers: Record<string, string>; body?: string }[];
  /** How many of them run at once. */
  atOnce: number;
  /** Seconds after which no further round begins; 0: one round. */
  seconds: number;
}

const { requests, atOnce, seconds } = workerData as Load;
const agent = new Agent({ keepAlive: true, maxSockets: atOnce });

function send({ method, url, headers, body }: Load['requests'][number]): Promise<[number, number]> {
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers }, (answer) => {
      answer.resume();
      answer.on('end', () => resolve([answer.statusCode ?? 0, performance.now() - started]));
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

const answers: [status: number, milliseconds: number][] = [];
const end = performance.now() + seconds * 1_000;
let next = 0;
const lanes = Array.from({ length: atOnce }, async () => {
  while (next < requests.length || performance.now() < end) {
    answers.push(await send(requests[next++ % requests.length]!));
  }
});
await Promise.all(lanes);
parentPort!.postMessage(answers);
