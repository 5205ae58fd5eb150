import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { FORBIDDEN, NOT_FOUND } from './error-bodies.js';
import { withServer } from './scene.js';

const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});
const V4 = 'f572b4ab-7963-4a90-9e5a-3bf033bfe2cc';
const V6 = '6935b379-205d-4fdd-847f-a0b5f14aff53';

describe('/ip-pools', () => {
  it('answers the two fixed pools', async () => {
    const { status, body } = await admin.get('/ip-pools');
    expect(status).toBe(200);
    const common = {
      notes: '',
      tags: ['builtin'],
      created: expect.stringMatching(/Z$/),
      updated: expect.stringMatching(/Z$/),
      excludedRanges: [],
      leaseTimeDays: 30,
      total: 254,
      currentlyUsed: 0,
      reserved: 0,
    };
    expect(body.data).toEqual([
      {
        id: V4,
        name: 'default pool v4',
        ...common,
        ipVersion6: false,
        ranges: [{ first: '192.0.2.1', last: '192.0.2.254' }],
      },
      {
        id: V6,
        name: 'default pool v6',
        ...common,
        ipVersion6: true,
        ranges: [{ first: '2001:db8::1', last: '2001:db8::fe' }],
      },
    ]);
    expect((await admin.get(`/ip-pools/${V6}`)).body).toEqual(body.data[1]);
  });

  it('is found by name as the Terraform data source asks', async () => {
    const { body } = await admin.get('/ip-pools?query=default%20pool%20v6&orderBy=name&range=0-10');
    expect(body.data.map(({ id }: any) => id)).toEqual([V6]);
  });

  it('cannot be written, and is viewed in scope only', async () => {
    for (const answer of [
      await admin.post('/ip-pools', {}),
      await admin.put(`/ip-pools/${V4}`, {}),
      await admin.delete(`/ip-pools/${V4}`),
    ])
      expect([answer.status, answer.body]).toEqual([404, NOT_FOUND]);
    expect((await admin.get('/ip-pools/4c07bc67-57ea-42dd-b702-c2d6c45419fc')).body).toEqual(NOT_FOUND);
    const scoped = await server.userWith('scoped', [
      { type: 'View', target: 'IpPool', scope: { ids: [V4] } },
    ]);
    expect((await scoped.get('/ip-pools')).body).toMatchObject({ totalCount: 1, data: [{ id: V4 }] });
    expect((await scoped.get(`/ip-pools/${V6}`)).body).toEqual(NOT_FOUND);
    const blind = await server.userWith('blind', [{ type: 'View', target: 'Policy', scope: { all: true } }]);
    expect((await blind.get('/ip-pools')).body).toEqual(FORBIDDEN);
  });
});
