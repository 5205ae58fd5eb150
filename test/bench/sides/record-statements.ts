import { AsyncLocalStorage } from 'node:async_hooks';
import { openSync, writeSync } from 'node:fs';
import { Server } from 'node:http';
import pg from 'pg';
import { encoded } from './statement.ts';

/**
 * Loaded into a server before it starts: writes down every statement a request sends to PostgreSQL, with its values, for `statements.ts` to
 * send again.
 */
const file = openSync(process.env['RECORD_TO']!, 'a');
const requests = new AsyncLocalStorage<{ number: number }>();
let number = 0;

type Send = (this: pg.Client, ...given: unknown[]) => unknown;
type Statement = string | { name?: string; text: string; values?: unknown[] };

const { emit } = Server.prototype as unknown as {
  emit: (this: Server, ...given: unknown[]) => boolean;
};
Server.prototype.emit = function (this: Server, ...given: unknown[]): boolean {
  if (given[0] !== 'request') return emit.apply(this, given);
  return requests.run({ number: number++ }, () => emit.apply(this, given));
};

const client = pg.Client.prototype as unknown as { query: Send };
const { query } = client;
client.query = function (this: pg.Client, ...given: unknown[]): unknown {
  const request = requests.getStore();
  if (request !== undefined) note(request.number, given[0] as Statement, given[1]);
  return query.apply(this, given);
};

function note(request: number, statement: Statement, beside: unknown): void {
  const { name, text, values }: Exclude<Statement, string> =
    typeof statement === 'string' ? { text: statement } : statement;
  const sent = values ?? (Array.isArray(beside) ? (beside as unknown[]) : []);
  writeSync(file, `${JSON.stringify({ request, name, text, values: sent.map(encoded) })}\n`);
}
