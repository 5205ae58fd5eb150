import { readFileSync } from 'node:fs';
import pg from 'pg';
import { decoded, type Statement } from './statement.ts';

/**
 * The same SQL without a server around it: for each recorded request its statements, in their order, through a pool of the same size. What
 * the server needs beside this is its own.
 */
const { DATABASE_URL: connectionString, POOL: max, RECORDED: file, AT_ONCE: atOnce } = process.env;

const requests = new Map<number, Statement[]>();
for (const line of readFileSync(file!, 'utf8').split('\n')) {
  if (line === '') continue;
  const statement = JSON.parse(line) as Statement;
  const known = requests.get(statement.request) ?? [];
  known.push({ ...statement, values: statement.values.map(decoded) });
  requests.set(statement.request, known);
}
const pool = new pg.Pool({ connectionString, max: Number(max) });

process.on('message', () => void replay().then((round) => process.send!(round)));

async function replay(): Promise<object> {
  const queue = [...requests.values()];
  const latencies: number[] = [];
  const statuses: Record<number, number> = {};
  const started = performance.now();
  await Promise.all(
    Array.from({ length: Number(atOnce) }, async () => {
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        const from = performance.now();
        const status = await send(next).catch(() => 0);
        latencies.push(performance.now() - from);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
    }),
  );
  return { seconds: (performance.now() - started) / 1_000, latencies, statuses };
}

/** A transaction keeps one connection, everything else takes whichever is free. */
async function send(statements: Statement[]): Promise<number> {
  let held: pg.PoolClient | null = null;
  for (const { name, text, values } of statements) {
    if (/^(START TRANSACTION|BEGIN)/.test(text)) held = await pool.connect();
    await (held ?? pool).query(name === undefined ? { text, values } : { name, text, values });
    if (!/^(COMMIT|ROLLBACK)/.test(text)) continue;
    held?.release();
    held = null;
  }
  return 200;
}

process.send!({ port: 0 });
