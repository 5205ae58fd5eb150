import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bearer } from '../support/gate-client.js';
import { DOOR_PROXIES, type DoorProxy, startDemoTool } from '../support/door-proxies.js';
import { sendRaw } from '../support/raw-socket.js';
import { type Answer, expecting, send } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

for (const proxy of DOOR_PROXIES) {
  if (proxy.missing !== null) console.warn(proxy.missing);
  describe.skipIf(proxy.missing !== null)(`a tool behind ${proxy.name} and the door`, () =>
    standBehind(proxy),
  );
}

function standBehind(proxy: DoorProxy): void {
  let stage: Stage;
  let front: Awaited<ReturnType<typeof proxy.start>>;
  let tool: Awaited<ReturnType<typeof startDemoTool>>;
  let reader: string;
  beforeAll(async () => {
    stage = await Stage.open(1, { settings: { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' } });
    tool = await startDemoTool();
    front = await proxy.start({ sallyport: new URL(stage.first.url).host, tool: new URL(tool.url).host });
    const policy = 'path "tools/wiki/*" { capabilities = ["read"] }';
    await expecting(204, stage.root.write('sys/policies/acl/wiki', { policy }));
    await stage.addUser('Ann Ö', { token_policies: 'wiki' });
    reader = await logIn();
  });
  afterAll(async () => {
    await front?.stop();
    await tool?.stop();
    await stage.close();
  });

  async function logIn(): Promise<string> {
    return (await expecting(200, stage.vault().logIn('Ann Ö', PASSWORD))).body.auth.client_token;
  }

  function visit(
    path: string,
    headers: Record<string, string | string[]> = {},
    method = 'GET',
  ): Promise<Answer> {
    return send({ method, url: `${front.url}${path}`, headers });
  }

  it('lets in who meets the rule, tells the tool who it is, and keeps the token from it', async () => {
    const { body } = await expecting(200, visit('/wiki/home?a=b', bearer(reader)));
    expect(body).toEqual({
      method: 'GET',
      url: '/wiki/home?a=b',
      credentials: [],
      caller: {
        'x-sallyport-user': 'Ann Ö',
        'x-sallyport-provider': 'local',
        'x-sallyport-dn': 'CN=Ann Ö,OU=local',
        'x-sallyport-entity': expect.stringMatching(/^[0-9a-f-]{36}$/),
        'x-sallyport-roles': '-',
        'x-sallyport-policies': 'default,wiki',
        'x-sallyport-aal': '1',
        'x-sallyport-expires': expect.stringMatching(/Z$/),
        'x-sallyport-accessor': expect.stringMatching(/^\w{24}$/),
      },
    });
    expect((await visit('/wiki/home', { 'x-vault-token': reader })).status).toBe(200);
    const admin = await stage.administrator();
    const posted = await expecting(200, visit('/wiki/home', bearer(admin.token), 'POST'));
    expect(posted.body.caller['x-sallyport-user']).toBe('admin');
  });

  it('S35 S42 keeps out who has no token, a dead one or a partial one, and says what is missing', async () => {
    const ended = await logIn();
    await expecting(204, stage.vault().with(ended).write('auth/token/revoke-self'));
    await stage.addProtected('owing');
    const partial = (await stage.partial('owing')).token!;
    expect((await visit('/wiki/home')).headers['www-authenticate']).toBe('Bearer realm="sallyport"');
    for (const token of ['hvs.never-given', ended, partial]) {
      const { status, headers } = await visit('/wiki/home', bearer(token));
      expect([status, headers['www-authenticate']]).toEqual([
        401,
        'Bearer realm="sallyport", error="invalid_token"',
      ]);
    }
    expect((await visit('/wiki/home', { cookie: `token=${reader}` })).status).toBe(401);
  });

  it('S47 keeps out who may not, by the path and the method of the request, as of now', async () => {
    expect((await visit('/wiki/home', bearer(reader), 'POST')).status).toBe(403);
    expect((await visit('/wiki/home', bearer(reader), 'DELETE')).status).toBe(403);
    await expecting(
      204,
      stage.root.write('sys/policies/acl/wiki', {
        policy: 'path "tools/other/*" { capabilities = ["read"] }',
      }),
    );
    expect((await visit('/wiki/home', bearer(reader))).status).toBe(403);
    await expecting(
      204,
      stage.root.write('sys/policies/acl/wiki', {
        policy: 'path "tools/wiki/*" { capabilities = ["read"] }',
      }),
    );
    expect((await visit('/wiki/home', bearer(reader))).status).toBe(200);
  });

  it('takes nothing a client says of itself or of its request', async () => {
    const forged = {
      'X-Sallyport-User': 'admin',
      'x-sallyport-roles': ['everything', 'and more'],
      'X-Sallyport-AAL': '2',
      X_Sallyport_User: 'admin',
    };
    const { body } = await expecting(200, visit('/wiki/home', { ...bearer(reader), ...forged }));
    expect(body.caller).toMatchObject({
      'x-sallyport-user': 'Ann Ö',
      'x-sallyport-roles': '-',
      'x-sallyport-aal': '1',
    });
    expect(Object.keys(body.caller)).toHaveLength(9);
    await stage.addUser('outsider');
    const { client_token: outsider } = (await stage.vault().logIn('outsider', PASSWORD)).body.auth;
    const sendings: Record<string, string | string[]>[] = [
      { 'x-original-uri': '/', 'x-original-method': 'GET' },
      { 'x-forwarded-uri': '/wiki/home', 'x-forwarded-method': 'GET' },
      { 'x-forwarded-for': '127.0.0.1', ...forged },
    ];
    for (const lines of sendings) {
      const sent = { ...lines, ...bearer(outsider) };
      expect([lines, (await visit('/wiki/home', sent)).status]).toEqual([lines, 403]);
      expect([lines, (await visit('/wiki/home', { ...lines, ...bearer(reader) }, 'POST')).status]).toEqual([
        lines,
        403,
      ]);
    }
    for (const query of ['?under=x', '?privilege=View:Site', '?aal=1&path=tools/wiki/home'])
      expect((await visit(`/wiki/home${query}`, bearer(outsider))).status).toBe(403);
    expect((await visit('/_door', bearer(reader))).status).toBe(404);
  });

  it('keeps out a path that the tool could read in another way than the rule', async () => {
    for (const path of [
      '/wiki/a%2fb',
      '/wiki/%252e%252e/other',
      '/wiki/..;/other',
      '/wiki//home',
      '/wiki/home;x',
      '/wiki/a#/../home',
    ]) {
      const raw = `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer ${reader}\r\n\r\n`;
      const [status, ...others] = (await sendRaw(front.url, raw)).statuses;
      expect([path, [403, ...proxy.ownRefusals].includes(status!), others]).toEqual([path, true, []]);
    }
  });

  it('S83 tells the tool of no other path or method than the ones that were judged', async () => {
    const seen: IncomingHttpHeaders[] = [];
    const plain = createServer(({ headers }, response) => {
      seen.push(headers);
      response.end();
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    const plainly = await proxy.start({
      sallyport: new URL(stage.first.url).host,
      tool: `127.0.0.1:${port}`,
    });
    const names = ['original-url', 'rewrite-url', 'original-uri', 'forwarded-uri', 'forwarded-prefix'];
    const verbs = [
      'original-method',
      'forwarded-method',
      'http-method-override',
      'http-method',
      'method-override',
    ];
    const forged = Object.fromEntries([
      ...names.map((name) => [`x-${name}`, '/wiki/secret']),
      ...verbs.map((name) => [`x-${name}`, 'DELETE']),
    ]);
    const headers = { ...bearer(reader), ...forged };
    const { status } = await send({ method: 'GET', url: `${plainly.url}/wiki/home`, headers });
    await plainly.stop();
    plain.closeAllConnections();
    plain.close();
    expect([status, seen.length]).toEqual([200, 1]);
    expect(Object.keys(forged).filter((name) => name in seen[0]!)).toEqual([]);
  });

  it('lets nobody in where nothing can be decided', async () => {
    await stage.rows('ALTER TABLE tokens RENAME TO tokens_gone');
    const answer = await visit('/wiki/home', bearer(reader));
    await stage.rows('ALTER TABLE tokens_gone RENAME TO tokens');
    expect(answer.status).toBe(proxy.undecided);
    expect((await visit('/wiki/home', bearer(reader))).status).toBe(200);
  });
}
