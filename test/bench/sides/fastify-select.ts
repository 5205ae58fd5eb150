import { createHash } from 'node:crypto';
import Fastify from 'fastify';
import pg from 'pg';

/**
 * The least a token check can be: one route, the one prepared SELECT of `TokensService.check`, the row as JSON. No rule is applied to what
 * the header says, nothing is judged.
 */
const { DATABASE_URL: connectionString, POOL: max } = process.env;
const built = new URL('../../../dist/libs/tokens/src/token-statements.js', import.meta.url).href;
const { LIVE_BY_HASH } = (await import(built)) as { LIVE_BY_HASH: string };

const pool = new pg.Pool({ connectionString, max: Number(max) });
const app = Fastify();
app.get('/check', async (request, reply) => {
  const secret = String(request.headers['x-vault-token']);
  const values = [createHash('sha256').update(secret).digest(), new Date(), 'vault'];
  const { rows } = await pool.query({ name: 'check', text: LIVE_BY_HASH, values });
  if (rows.length !== 1) return reply.code(403).send({});
  return rows[0] as object;
});
process.send!({ port: Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port) });
