import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { credentials } from '../support/appgate-client.js';
import { type Answer, expecting } from '../support/send.js';
import { PASSWORD, Stage } from '../support/stage.js';

/** The client behind the proxies; a network of its own. */
const CLIENT = '198.51.100.7';
const NETWORK = '198.51.100.0/24';

/** What a client sends to look like somebody else, or like a proxy. */
const FORGED: Record<string, string | string[]>[] = [
  { 'x-forwarded-for': '203.0.113.9' },
  { 'x-forwarded-for': '127.0.0.1' },
  { 'x-forwarded-for': '::ffff:203.0.113.9' },
  { 'x-forwarded-for': '203.0.113.9, 10.9.9.9' },
  { 'x-forwarded-for': ['203.0.113.9', '10.9.9.9'] },
  { 'x-forwarded-for': 'unknown, _hidden, 203.0.113.9:80, "[2001:db8::1]"' },
  { 'x-forwarded-for': `${'203.0.113.9, '.repeat(400)}203.0.113.9` },
  { 'x-forwarded-for': ',,,' },
  { forwarded: 'for=203.0.113.9;by=203.0.113.10', 'x-real-ip': '203.0.113.9' },
  { 'x-client-ip': '203.0.113.9', 'true-client-ip': '203.0.113.9', 'cf-connecting-ip': '203.0.113.9' },
  { 'x-forwarded-host': '203.0.113.9', via: '1.1 203.0.113.9', 'x-cluster-client-ip': '203.0.113.9' },
];

type Headers = Record<string, string | string[]>;

/** One wrong and one right sign-in in each dialect; what the server wrote down of where they came from. */
async function traces(stage: Stage, headers: Headers): Promise<Record<string, string[]>> {
  for (const table of ['password_throttles', 'known_networks', 'tokens', 'sign_ins'])
    await stage.rows(`DELETE FROM ${table} WHERE true`);
  stage.clock.advance(60);
  const began = stage.now;
  const admin = stage.appgate();
  const atAdmin = (password: string): Promise<Answer> =>
    admin.call('POST', '/authentication', credentials('roamer', password), headers as Record<string, string>);
  const atVault = (password: string): Promise<Answer> =>
    stage.vault().call('POST', 'auth/userpass/login/roamer', { headers, body: { password } });
  await expecting(401, atAdmin('wrong'));
  await expecting(400, atVault('wrong'));
  const networks = await distinct(
    stage,
    "SELECT DISTINCT network AS value FROM password_throttles WHERE network <> '*'",
  );
  await expecting(200, atAdmin(PASSWORD));
  await expecting(200, atVault(PASSWORD));
  return {
    throttled: networks,
    known: await distinct(stage, 'SELECT DISTINCT network AS value FROM known_networks'),
    tokens: await distinct(stage, 'SELECT DISTINCT client_address AS value FROM tokens'),
    'sign-ins': await distinct(stage, 'SELECT DISTINCT client_address AS value FROM sign_ins'),
    audited: await distinct(
      stage,
      'SELECT DISTINCT client_address AS value FROM audit_events WHERE client_address IS NOT NULL AND at >= $1',
      [began],
    ),
  };
}

async function distinct(stage: Stage, statement: string, values: unknown[] = []): Promise<string[]> {
  return (await stage.rows(statement, values)).map(({ value }) => value as string);
}

const allOf = (address: string, network: string) => ({
  throttled: [network],
  known: [network],
  tokens: [address],
  'sign-ins': [address],
  audited: [address],
});

describe('without a proxy', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(1);
    await stage.addUser('roamer');
  });
  afterAll(() => stage.close());

  it.each(FORGED)('S83 no header moves the address: %j', async (headers) => {
    expect(await traces(stage, headers)).toEqual(allOf('127.0.0.1', '127.0.0.0/24'));
  });
});

describe('behind proxies', () => {
  let stage: Stage;
  beforeAll(async () => {
    stage = await Stage.open(1, { settings: { SALLYPORT_TRUSTED_PROXIES: '127.0.0.1,10.0.0.0/8' } });
    await stage.addUser('roamer');
  });
  afterAll(() => stage.close());

  /** A proxy adds whom it was called by, behind what it was given: to the same line, or in a line of its own. */
  const through = (forged: Headers, ...hops: string[]): Headers => {
    const given = [forged['x-forwarded-for'] ?? []].flat();
    return { ...forged, 'x-forwarded-for': [[...given, ...hops].join(', ')] };
  };
  const inOwnLine = (forged: Headers, hop: string): Headers => ({
    ...forged,
    'x-forwarded-for': [...[forged['x-forwarded-for'] ?? []].flat(), hop],
  });

  it.each(FORGED)(
    'S83 one proxy says who it was called by, whatever the client sent: %j',
    async (headers) => {
      const expected = allOf(CLIENT, NETWORK);
      expect(await traces(stage, through(headers, CLIENT))).toEqual(expected);
      expect(await traces(stage, inOwnLine(headers, CLIENT))).toEqual(expected);
    },
  );

  it.each(FORGED)('S83 of two proxies the outer one does: %j', async (headers) => {
    expect(await traces(stage, through(headers, CLIENT, '10.0.0.2'))).toEqual(allOf(CLIENT, NETWORK));
  });

  it('S83 IPv4 written as IPv6 is the same client', async () => {
    for (const spelling of [`::ffff:${CLIENT}`, '::FFFF:c633:6407', '0:0:0:0:0:ffff:c633:6407'])
      expect([spelling, await traces(stage, through({}, spelling))]).toEqual([
        spelling,
        allOf(CLIENT, NETWORK),
      ]);
    expect(await traces(stage, through({}, CLIENT, '::ffff:10.0.0.2'))).toEqual(allOf(CLIENT, NETWORK));
  });

  it('S83 the addresses of one IPv6 network are one client to the throttle', async () => {
    for (const address of ['2001:db8:1:200::1', '2001:db8:1:2ff:ffff::2'])
      expect(await traces(stage, through({}, address))).toMatchObject({
        throttled: ['2001:db8:1:200::/56'],
        known: ['2001:db8:1:200::/56'],
      });
  });

  it('S83 rubbish from a proxy counts for the proxy, and is believed no further', async () => {
    for (const rubbish of ['unknown', '_hidden', '203.0.113.9:80', '127.1', '0x7f000001', ''])
      expect(await traces(stage, through({ 'x-forwarded-for': '203.0.113.9' }, rubbish))).toEqual(
        allOf('127.0.0.1', '127.0.0.0/24'),
      );
  });
});
