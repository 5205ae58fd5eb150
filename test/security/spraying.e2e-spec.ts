import { HashQueue } from '@sallyport/identity';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type Answer, expecting } from '../support/send.js';
import { count, PASSWORD, Stage, together } from '../support/stage.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open(2, { settings: { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1' } });
  for (const name of ['resident', 'newcomer', 'third']) await stage.addUser(name);
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => stage.close());

/** At `/v1`, from an address behind a proxy. */
function logIn(name: string, password: string, address: string, replica = 0): Promise<Answer> {
  const headers = { 'x-forwarded-for': address };
  return stage.vault(replica).call('POST', `auth/userpass/login/${name}`, { headers, body: { password } });
}

function authenticate(name: string, password: string, address: string, replica = 0): Promise<Answer> {
  return stage.appgate(replica).authenticate(name, password, { 'x-forwarded-for': address });
}

it('S09 after 31 names with one wrong try each the 32nd waits, and a known account behind the same NAT signs in', async () => {
  await expecting(200, logIn('resident', PASSWORD, '203.0.113.5'));
  for (let name = 1; name <= 31; name += 1)
    await expecting(401, authenticate(`name ${name}`, 'wrong', `203.0.113.${name}`, name % 2));
  const runs = stage.servers.map(({ app }) => vi.spyOn(app.get(HashQueue, { strict: false }), 'run'));
  for (const name of ['name 32', 'newcomer']) {
    const { headers, body } = await expecting(429, authenticate(name, PASSWORD, '203.0.113.99', 1));
    expect([headers['retry-after'], body]).toEqual([
      '30',
      { id: 'too many requests', message: 'Too many failed attempts. Try again later.' },
    ]);
    expect((await expecting(403, logIn(name, PASSWORD, '203.0.113.99'))).text).toBe(
      '{"errors":["permission denied"]}',
    );
  }
  expect(runs.map((run) => run.mock.calls.length)).toEqual([0, 0]);
  await expecting(200, logIn('resident', PASSWORD, '203.0.113.200', 1));
  await expecting(200, logIn('newcomer', PASSWORD, '203.0.114.5'));
  stage.clock.advance(29);
  await expecting(403, logIn('third', PASSWORD, '203.0.113.7'));
  stage.clock.advance(1);
  await expecting(200, logIn('third', PASSWORD, '203.0.113.7'));
});

it('S09 the wait doubles with each further name, up to 15 minutes', async () => {
  const waits: string[] = [];
  for (let name = 40; name < 47; name += 1) {
    await expecting(401, authenticate(`name ${name}`, 'wrong', '203.0.113.1'));
    const { headers } = await expecting(429, authenticate('name 99', 'wrong', '203.0.113.1'));
    waits.push(headers['retry-after']!);
    stage.clock.advance(Number(headers['retry-after']));
  }
  expect(waits).toEqual(['60', '120', '240', '480', '900', '900', '900']);
});

it('S09 30 names within ten minutes make nobody wait, nor 31 within eleven', async () => {
  for (let name = 1; name <= 15; name += 1)
    await expecting(401, authenticate(`slow ${name}`, 'wrong', '198.51.100.1'));
  stage.clock.advance(601);
  for (let name = 16; name <= 45; name += 1)
    await expecting(401, authenticate(`slow ${name}`, 'wrong', '198.51.100.1'));
  await expecting(200, logIn('newcomer', PASSWORD, '198.51.100.1'));
});

it('S09 names whose owners sign in afterwards do not count', async () => {
  for (let person = 1; person <= 3; person += 1) {
    await stage.addUser(`clumsy-${person}`);
    await expecting(401, authenticate(`clumsy-${person}`, 'wrong', '198.51.101.1'));
    await expecting(200, logIn(`clumsy-${person}`, PASSWORD, '198.51.101.1'));
  }
  for (let name = 1; name <= 30; name += 1)
    await expecting(401, authenticate(`fast ${name}`, 'wrong', '198.51.101.1'));
  await expecting(200, logIn('newcomer', PASSWORD, '198.51.101.1'));
});

it('S09 of 200 names at once over both replicas at most a hundred are evaluated, and then all wait', async () => {
  const answers = await together(200, (index) =>
    authenticate(`burst ${index}`, 'wrong', '192.0.2.1', index % 2),
  );
  expect(count(answers, 401)).toBeLessThanOrEqual(130);
  expect(count(answers, 401) + count(answers, 429) + count(answers, 503)).toBe(200);
  await expecting(429, authenticate('burst 999', 'wrong', '192.0.2.1'));
  const [row] = await stage.rows(
    `SELECT booked FROM password_throttles WHERE subject = '*' AND network = '192.0.2.0/24'`,
  );
  expect(row).toEqual({ booked: 0 });
});
