import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Scene } from '../appgate/scene.js';
import { plantPeople } from '../support/plant-people.js';
import { PASSWORD, Stage } from '../support/stage.js';
import { at, median } from './measure.js';
import { tell } from './results.js';

/** S12: token checks beside 500 sign-ins at once, and how long those wait: `vitest bench --run test/bench/hash-queue.bench.ts`. */
const PEOPLE = 500;
const SECONDS = 5;

let stage: Stage;
let scene: Scene;
beforeAll(async () => {
  stage = await Stage.open(1, { settings: { SALLYPORT_HASH_NICENESS: '10' } });
  scene = new Scene(stage.first);
});
afterAll(() => stage.close());

type Answers = [status: number, milliseconds: number][];

async function load(requests: object[], atOnce: number, seconds: number): Promise<Answers> {
  const worker = new Worker(new URL('./http-load.worker.ts', import.meta.url), {
    workerData: { requests, atOnce, seconds },
  });
  const [answers] = (await once(worker, 'message')) as [Answers];
  return answers;
}

function tokenChecks(seconds: number): Promise<Answers> {
  const headers = { 'x-vault-token': stage.first.rootToken };
  const check = { method: 'GET', url: `${stage.first.url}/v1/auth/token/lookup-self`, headers };
  return load([check], 2, seconds);
}

function signIns(): Promise<Answers> {
  const body = JSON.stringify({ password: PASSWORD });
  const requests = Array.from({ length: PEOPLE }, (_, index) => ({
    method: 'POST',
    url: `${stage.first.url}/v1/auth/userpass/login/person-${index + 1}`,
    headers: { 'content-length': String(body.length) },
    body,
  }));
  return load(requests, PEOPLE, 0);
}

const sorted = (answers: Answers) => answers.map(([, time]) => time).toSorted((one, other) => one - other);
const having = (answers: Answers, status: number) => answers.filter(([found]) => found === status);

it('S12 measures', { timeout: 300_000 }, async () => {
  await plantPeople(stage, PEOPLE);
  await tokenChecks(2);
  const idle = sorted(await tokenChecks(SECONDS));
  const before = process.memoryUsage.rss();
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 20);
  const lines: Record<string, string | number>[] = [];
  for (let round = 1; round <= 3; round += 1) {
    const ends = { done: false };
    const checks: Answers = [];
    const probing = (async () => {
      while (!ends.done) checks.push(...(await tokenChecks(0.5)));
    })();
    const answers = await signIns().finally(() => (ends.done = true));
    await probing;
    const meanwhile = sorted(checks);
    const evaluated = sorted(having(answers, 200));
    const shed = sorted(having(answers, 503));
    expect(evaluated.length + shed.length).toBe(PEOPLE);
    lines.push({
      'signed in': evaluated.length,
      'told 503': shed.length,
      'longest sign-in, ms': at(sorted(answers), 0.9999).toFixed(0),
      'checks p50 idle, ms': median(idle).toFixed(2),
      'p50 meanwhile': median(meanwhile).toFixed(2),
      'p99 idle': at(idle, 0.99).toFixed(2),
      'p99 meanwhile': at(meanwhile, 0.99).toFixed(2),
      'p99 ratio': (at(meanwhile, 0.99) / at(idle, 0.99)).toFixed(2),
      'memory on top, MiB': ((most - before) / 2 ** 20).toFixed(0),
    });
  }
  clearInterval(watch);
  await tell(scene, 'Token checks beside 500 sign-ins at once', lines);
});
