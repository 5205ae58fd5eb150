import { afterAll, beforeAll, expect, it } from 'vitest';
import { ACCEPT, type AppgateClient } from '../support/appgate-client.js';
import { sendRaw } from '../support/raw-socket.js';
import { type Answer, expecting, send } from '../support/send.js';
import { PASSWORD, Stage, together } from '../support/stage.js';

let stage: Stage;
let admin: AppgateClient;
beforeAll(async () => {
  stage = await Stage.open(1);
  admin = await stage.administrator();
});
afterAll(() => stage.close());

function postRaw(path: string, body: string | Buffer, token: Record<string, string> = {}): Promise<Answer> {
  return send({
    method: 'POST',
    url: `${stage.first.url}${path}`,
    headers: { accept: ACCEPT, ...token },
    body,
  });
}

it('S82 takes 256 KiB without a full token and 4 MiB with one', async () => {
  const filled = (bytes: number) => JSON.stringify({ notes: 'x'.repeat(bytes) });
  const small = filled(257 * 1024);
  const large = filled(4 * 1024 * 1024 + 1);
  const tooLarge = { id: 'payload too large', message: 'The request body is too large.' };
  const sized = await stage.addPlayer('sized');
  const partial = { authorization: `Bearer ${(await stage.partial('sized')).token}` };
  const full = { authorization: `Bearer ${admin.token}` };
  const root = { 'x-vault-token': stage.first.rootToken };
  await stage.enforce('for-sized', [sized.entityId]);
  const pending = { authorization: `Bearer ${(await stage.partial('sized')).token}` };
  const answers = [
    await postRaw('/admin/authentication', small),
    await postRaw('/admin/authentication', small, full),
    await postRaw('/admin/authentication/otp', small, pending),
    await postRaw('/admin/local-users', large, full),
  ];
  for (const { status, body } of answers) expect([status, body]).toEqual([413, tooLarge]);
  expect((await postRaw('/admin/local-users', small, partial)).status).toBe(403);
  expect((await postRaw('/admin/local-users', small, full)).status).toBe(422);
  for (const path of ['/v1/auth/userpass/login/fuzzed', '/v1/sys/mfa/validate'])
    expect((await postRaw(path, small)).body).toEqual({ errors: ['request body too large'] });
  expect((await postRaw('/v1/identity/entity', large, root)).status).toBe(413);
  expect((await postRaw('/v1/identity/entity', small, root)).status).toBe(200);
});

const HOST = 'Host: localhost';

it('S82 both Content-Length and Transfer-Encoding is 400 and the end of the connection', async () => {
  for (const path of ['/v1/sys/mfa/validate', '/admin/authentication']) {
    const smuggled = `POST ${path} HTTP/1.1\r\n${HOST}\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nLIST /v1/sys/health HTTP/1.1\r\n${HOST}\r\n\r\n`;
    const { statuses, closed } = await sendRaw(stage.first.url, smuggled);
    expect([path, statuses, closed]).toEqual([path, [400], true]);
  }
});

it('S82 LIST changes no framing: chunked, counted and pipelined requests keep their borders', async () => {
  const token = `X-Vault-Token: ${stage.first.rootToken}`;
  const list = `LIST /v1/identity/entity/id HTTP/1.1\r\n${HOST}\r\n${token}\r\n\r\n`;
  const inside = 'LIST /v1/identity/entity/id HTTP/1.1\r\n\r\n';
  const counted = `POST /v1/sys/mfa/validate HTTP/1.1\r\n${HOST}\r\nContent-Length: ${inside.length}\r\n\r\n${inside}`;
  const chunked = `POST /v1/sys/mfa/validate HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\n${inside.length.toString(16)}\r\n${inside}\r\n0\r\n\r\n`;
  const { statuses, text } = await sendRaw(stage.first.url, list + counted + list + chunked + list);
  expect(statuses).toEqual([200, 400, 200, 400, 200]);
  expect(text.match(/error parsing JSON/g)).toHaveLength(2);
  const twoLengths = `POST /v1/sys/mfa/validate HTTP/1.1\r\n${HOST}\r\nContent-Length: 0\r\nContent-Length: 44\r\n\r\n${list}`;
  expect((await sendRaw(stage.first.url, twoLengths)).statuses).toEqual([400]);
  const oddChunk = `POST /v1/sys/mfa/validate HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n${list}`;
  expect((await sendRaw(stage.first.url, oddChunk)).statuses).toEqual([400]);
});

it('S82 takes 16 KiB of headers and no more', async () => {
  const head = (bytes: number) =>
    `GET /v1/sys/health HTTP/1.1\r\n${HOST}\r\nX-Filler: ${'x'.repeat(bytes)}\r\n\r\n`;
  expect((await sendRaw(stage.first.url, head(12 * 1024))).statuses).toEqual([200]);
  const refused = await sendRaw(stage.first.url, head(20 * 1024));
  expect(refused.statuses[0]).toBeGreaterThanOrEqual(400);
  expect(refused.statuses[0]).toBeLessThan(500);
});

it('S82 of two token headers that differ /v1 takes X-Vault-Token', async () => {
  const lookUp = (headers: Record<string, string>) =>
    stage.vault().call('GET', 'auth/token/lookup-self', { headers });
  const root = stage.first.rootToken;
  expect((await lookUp({ 'x-vault-token': root, authorization: 'Bearer nonsense' })).body.data.path).toBe(
    'auth/token/root',
  );
  await expecting(403, lookUp({ 'x-vault-token': 'nonsense', authorization: `Bearer ${root}` }));
  await expecting(200, lookUp({ 'x-vault-token': '', authorization: `Bearer ${root}` }));
  await expecting(403, lookUp({ authorization: `Basic ${Buffer.from(`x:${root}`).toString('base64')}` }));
});

/** Half a head, half a body, a head and a body too large for anybody. */
const DAWDLERS: [bytes: string, answers: number[][]][] = [
  ['POST /admin/authen', [[], [408]]],
  [`POST /admin/authentication HTTP/1.1\r\n${HOST}\r\nContent-Length: 5000\r\n\r\n{`, [[], [406], [408]]],
  [`LIST /v1/identity/entity/id HTTP/1.1\r\n${HOST}\r\nX-Filler: ${'x'.repeat(20_000)}`, [[413]]],
  [
    `POST /v1/auth/userpass/login/prompt HTTP/1.1\r\n${HOST}\r\nContent-Length: 5000000\r\n\r\n${'x'.repeat(9_000)}`,
    [[413]],
  ],
  [
    `POST /v1/sys/mfa/validate HTTP/1.1\r\n${HOST}\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n{`,
    [[], [408]],
  ],
];

it('S82 signs people in while 1 000 connections dawdle or send too much', async () => {
  await stage.addUser('prompt');
  await stage.makeAdministrator('prompt');
  const dawdling = together(1_000, async (index) => {
    const [bytes, answers] = DAWDLERS[index % DAWDLERS.length]!;
    const { statuses } = await sendRaw(stage.first.url, bytes, 4_000);
    return answers.some((answer) => answer.join() === statuses.join()) ? [] : [bytes.slice(0, 40), statuses];
  });
  for (let turn = 0; turn < 10; turn += 1) {
    await expecting(200, stage.vault().logIn('prompt', PASSWORD));
    const { body } = await expecting(200, stage.appgate().logIn('prompt', PASSWORD));
    await expecting(200, stage.appgate().with(body.token).get('/local-users'));
    await expecting(200, stage.root.list('identity/entity/id'));
  }
  expect((await dawdling).flat()).toEqual([]);
});
