import { afterAll, beforeAll, expect, it } from 'vitest';
import { AppgateClient } from '../support/appgate-client.js';
import { RunningStack } from '../support/running-stack.js';
import { expecting, send } from '../support/send.js';
import { PASSWORD } from '../support/stage.js';
import { VaultClient } from '../support/vault-client.js';

let stack: RunningStack;
let first: { admin: { username: string; password: string }; rootToken: string };
beforeAll(async () => {
  stack = await RunningStack.up();
  first = JSON.parse(await stack.fileOf('server-1', '/data/bootstrap.json'));
});
afterAll(() => stack?.down());

it('is ready through nginx, every service that stays healthy', async () => {
  expect((await send({ method: 'GET', url: `${stack.url}/readyz` })).body).toEqual({ status: 'ready' });
  const services = (await stack.compose('ps', '--format', '{{.Service}} {{.Health}}')).trim().split('\n');
  expect(services.toSorted()).toEqual(
    ['nginx', 'postgres', 'radius', 'server-1', 'server-2', 'tool'].map((name) => `${name} healthy`),
  );
});

it('has nothing that its own doctor calls wrong', async () => {
  const report = await stack.compose('run', '--rm', '--no-TTY', 'console', 'doctor');
  expect(report).toContain('✓ database');
  expect(report).not.toContain('✗');
});

it('shows the tool to who has a token, and to nobody else', async () => {
  const visit = (headers: Record<string, string>) =>
    send({ method: 'GET', url: `${stack.url}/wiki/home`, headers });
  expect((await visit({})).status).toBe(401);
  const { body } = await expecting(200, visit({ authorization: `Bearer ${first.rootToken}` }));
  expect(body).toMatchObject({
    url: '/wiki/home',
    credentials: [],
    caller: { 'x-sallyport-policies': 'root' },
  });
});

it('has FreeRADIUS judge the second factor', async () => {
  const admin = await signIn();
  const provider = await expecting(
    200,
    admin.post('/mfa-providers', {
      name: 'radius',
      type: 'Radius',
      hostnames: ['radius'],
      port: 1812,
      sharedSecret: await stack.secret('radius/secret'),
      mode: 'OneFactor',
    }),
  );
  await expecting(
    200,
    admin.post('/local-users', { name: 'rita', firstName: 'R', lastName: 'R', password: PASSWORD }),
  );
  const exemptedUsers = ['CN=admin,OU=local'];
  const settings = { providerId: provider.body.id, exemptedUsers };
  expect((await admin.put('/admin-mfa-settings', settings)).status).toBeLessThan(300);

  const [, code] = /"(\d+)"/.exec(await stack.secret('radius/users'))!;
  const anybody = new AppgateClient(stack.url);
  const begun = await expecting(200, anybody.authenticate('rita', PASSWORD));
  expect(begun.body.user.needTwoFactorAuth).toBe(true);
  const rita = anybody.with(begun.body.token);
  await expecting(200, rita.post('/authentication/otp/initialize', {}));
  expect((await rita.submit('000000')).status).toBe(401);
  await expecting(200, rita.post('/authentication/otp/initialize', {}));
  const proven = await expecting(200, rita.submit(code!));
  expect(proven.body.user.needTwoFactorAuth).toBe(false);
});

it('S89 S90 loses no read while one replica is killed and the other one stopped', async () => {
  const root = new VaultClient(stack.url).with(first.rootToken);
  const statuses: number[] = [];
  const over = new AbortController();
  const reading = (async () => {
    while (!over.signal.aborted) statuses.push((await root.read('auth/token/lookup-self')).status);
  })();
  await stack.compose('kill', 'server-1');
  await stack.compose('up', '--detach', '--wait', '--no-deps', 'server-1');
  await stack.compose('stop', 'server-2');
  await stack.compose('up', '--detach', '--wait', '--no-deps', 'server-2');
  over.abort();
  await reading;
  expect(statuses.length).toBeGreaterThan(50);
  expect(new Set(statuses)).toEqual(new Set([200]));
});

it('keeps what it knows when it is taken down and up again', async () => {
  await stack.compose('down', '--timeout', '5');
  await stack.start();
  await signIn();
});

function signIn(): Promise<AppgateClient> {
  return new AppgateClient(stack.url).final(first.admin.username, first.admin.password);
}
