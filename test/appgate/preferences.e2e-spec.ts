import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { NO_TOKEN, NOT_FOUND, notValid } from './error-bodies.js';
import { whileDeleting } from '../support/planted-faults.js';
import { withServer } from './scene.js';

const server = withServer();
const VIEW = [{ type: 'View', target: 'LocalUser', scope: { all: true } }];
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});

describe('/my-preferences', () => {
  it('answers 404 before the first PUT, then what was put', async () => {
    expect((await admin.get('/my-preferences')).body).toEqual(NOT_FOUND);
    const mine = { theme: 'dark', nested: { list: [1, null, 'ä'] }, b: 1, a: null, constructor: 'x' };
    const put = await admin.put('/my-preferences', mine);
    expect([put.status, put.body]).toEqual([200, mine]);
    expect((await admin.get('/my-preferences')).text).toBe(JSON.stringify(mine));
    await admin.put('/my-preferences', {});
    expect((await admin.get('/my-preferences')).text).toBe('{}');
  });

  it('is each user own, needs any privilege, and follows a rename', async () => {
    const id = await server.plantUser('ann', VIEW);
    await server.plantRole('anne', VIEW, 'return claims.user.username === "anne";');
    const ann = await server.final('ann');
    expect((await ann.get('/my-preferences')).status).toBe(404);
    await ann.put('/my-preferences', { mine: true });
    expect((await admin.get('/my-preferences')).body).toEqual({});
    await admin.put(`/local-users/${id}`, { name: 'anne', firstName: 'F', lastName: 'L' });
    expect((await (await server.final('anne')).get('/my-preferences')).body).toEqual({ mine: true });
  });

  it('takes 100 000 characters and no more', async () => {
    const text = (length: number) => ({ a: 'ä'.repeat(length - 8) });
    expect((await admin.put('/my-preferences', text(100_000))).status).toBe(200);
    const { status, body } = await admin.put('/my-preferences', text(100_001));
    expect([status, body]).toEqual([422, notValid('preferences', 'must be at most 100000 characters')]);
    expect((await admin.put('/my-preferences', [1])).body).toEqual(notValid('body', 'must be an object'));
    expect((await admin.put('/my-preferences', '{')).status).toBe(400);
    expect((await admin.get('/my-preferences')).body).toEqual(text(100_000));
  });

  it('takes none of a user who is deleted meanwhile', async () => {
    const gone = await server.userWith('gone', VIEW);
    const put = () => gone.put('/my-preferences', { late: true });
    const { status, body } = await whileDeleting(server.sallyport, 'gone', put);
    expect([status, body]).toEqual([401, NO_TOKEN]);
  });

  it('keeps what Postgres text could not, escaped', async () => {
    const odd = { a: 'x\u0000y', b: '\ud800' };
    await admin.put('/my-preferences', odd);
    expect((await admin.get('/my-preferences')).body).toEqual(odd);
  });
});
