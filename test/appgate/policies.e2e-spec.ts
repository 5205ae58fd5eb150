import { randomUUID } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { type AdminClient } from './admin-client.js';
import { BUILT_IN, CONFLICT, FORBIDDEN, LAST_ADMINISTRATOR, notValid } from './error-bodies.js';
import { type PrivilegeLike, withServer } from './scene.js';

const SHOWN = {
  enabled: false,
  entitlementsList: 'Show',
  attentionLevel: 'Show',
  autoStart: 'Show',
  addRemoveProfiles: 'Show',
  keepMeSignedIn: 'Show',
  samlAutoSignIn: 'Show',
  quit: 'Show',
  signOut: 'Show',
  suspend: 'Show',
  newUserOnboarding: 'Show',
};
/** What a policy answers of which nothing was sent. */
const DEFAULTS = {
  notes: '',
  tags: [],
  disabled: false,
  type: 'Mixed',
  administrativeRoles: [],
  entitlements: [],
  entitlementLinks: [],
  ringfenceRules: [],
  ringfenceRuleLinks: [],
  tamperProofing: false,
  overrideNearestSite: false,
  applyFallbackSite: false,
  blockLocalDnsRequests: false,
  dnsSettings: [],
  clientSettings: SHOWN,
};
const EVERYTHING = [{ type: 'All', target: 'All', scope: { all: true } }];
const READER: PrivilegeLike[] = [{ type: 'View', target: 'LocalUser', scope: { all: true } }];

const server = withServer();
let admin: AdminClient;
beforeAll(async () => {
  admin = await server.administrator();
});

let count = 0;
const named = (extra: object = {}) => ({ name: `policy ${++count}`, expression: 'return false;', ...extra });
const post = async (extra: object = {}, by = admin) => {
  const { status, body } = await by.post('/policies', named(extra));
  return [status, body] as const;
};
const create = async (extra: object = {}) => {
  const [status, body] = await post(extra);
  if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
  return body;
};
const role = async (privileges: PrivilegeLike[]): Promise<string> =>
  (await admin.post('/administrative-roles', { name: `role ${++count}`, privileges })).body.id;

describe('POST /policies', () => {
  it('answers the whole object, its defaults filled', async () => {
    const body = await create({ name: 'plain' });
    expect(body).toEqual({
      ...DEFAULTS,
      id: expect.any(String),
      name: 'plain',
      created: expect.stringMatching(/Z$/),
      updated: body.created,
      expression: 'return false;',
    });
    expect((await admin.get(`/policies/${body.id}`)).body).toEqual(body);
  });

  it('keeps and echoes everything, and a PUT of what was read changes nothing', async () => {
    const whole = {
      disabled: true,
      type: 'Device',
      entitlements: [randomUUID(), randomUUID()],
      entitlementLinks: ['developer', 'ops'],
      ringfenceRules: [randomUUID()],
      ringfenceRuleLinks: ['lan'],
      tamperProofing: false,
      overrideSite: randomUUID(),
      overrideSiteClaim: 'claims.user.site',
      overrideNearestSite: true,
      applyFallbackSite: true,
      blockLocalDnsRequests: true,
      proxyAutoConfig: { enabled: true, url: 'http://proxy.example.com/pac', persist: true },
      trustedNetworkCheck: { enabled: true, dnsSuffix: 'example.com' },
      dnsSettings: [
        { domain: 'example.com', servers: ['192.0.2.1', '192.0.2.2'], registerTunIpsToActiveDirectory: true },
      ],
      clientProfileSettings: { enabled: true, profiles: [randomUUID()], force: true },
      clientSettings: {
        ...SHOWN,
        enabled: true,
        quit: 'Hide',
        attentionLevel: 'High',
        autoStart: 'Disabled',
      },
      customClientHelpUrl: 'https://help.example.com',
    };
    const body = await create(whole);
    expect(body).toMatchObject(whole);
    const again = await admin.put(`/policies/${body.id}`, body);
    expect([again.status, { ...again.body, updated: body.updated }]).toEqual([200, body]);
    const { name, expression } = body;
    const bare = await admin.put(`/policies/${body.id}`, { name, expression });
    expect(bare.body).toEqual({
      ...DEFAULTS,
      id: body.id,
      name,
      expression,
      created: body.created,
      updated: bare.body.updated,
    });
  });

  it('takes empty texts for absent where nothing here reads them', async () => {
    const body = await create({
      overrideSite: '',
      overrideSiteClaim: '',
      customClientHelpUrl: '',
      proxyAutoConfig: { enabled: false, url: '' },
      trustedNetworkCheck: null,
      clientSettings: { enabled: true, quit: '' },
      notes: '',
    });
    expect(body).toEqual({
      ...DEFAULTS,
      id: body.id,
      name: body.name,
      created: body.created,
      updated: body.updated,
      expression: 'return false;',
      proxyAutoConfig: { enabled: false },
      clientSettings: { ...SHOWN, enabled: true },
    });
  });

  it('is tamper proof by default with type Device', async () => {
    expect((await create({ type: 'Device' })).tamperProofing).toBe(true);
    expect((await create({ type: 'Access' })).tamperProofing).toBe(false);
  });

  it('keeps an expression byte for byte, as the provider sends it', async () => {
    const expression = '//Generated by criteria builder, Operator: and\nvar result = false;\nreturn result;';
    const roles = [await role(READER)];
    const body = await create({ type: 'Admin', expression, administrativeRoles: roles });
    expect([body.type, body.expression, body.administrativeRoles]).toEqual(['Admin', expression, roles]);
  });

  it.each<[object, string[]]>([
    [{ expression: null }, ['expression', 'may not be null']],
    [{ expression: '' }, ['expression', 'may not be empty']],
    [{ expression: true }, ['expression', 'must be a string']],
    [{ expression: 'x'.repeat(100_001) }, ['expression', 'must be at most 100000 characters']],
    [{ type: 'Other' }, ['type', 'must be one of [Access, Device, Dns, Admin, Mixed, Stop]']],
    [{ disabled: 'yes' }, ['disabled', 'must be a boolean']],
    [{ administrativeRoles: ['x'] }, ['administrativeRoles[0]', 'must be a UUID']],
    [{ entitlements: 'x' }, ['entitlements', 'must be an array']],
    [{ proxyAutoConfig: 'x' }, ['proxyAutoConfig', 'must be an object']],
    [{ clientSettings: { quit: 1 } }, ['clientSettings.quit', 'must be a string']],
    [{ dnsSettings: [{ servers: [] }] }, ['dnsSettings[0].domain', 'may not be null']],
  ])('S81 refuses a wrong value (%#)', async (extra, problems) => {
    expect(await post(extra)).toEqual([422, notValid(...problems)]);
  });

  it('names roles only where they exist and count', async () => {
    const known = await role(READER);
    const unknown = randomUUID();
    expect(await post({ type: 'Admin', administrativeRoles: [known, unknown] })).toEqual([
      422,
      notValid('administrativeRoles[1]', 'does not exist'),
    ]);
    for (const type of ['Access', 'Device', 'Dns', 'Stop'])
      expect(await post({ type, administrativeRoles: [known] })).toEqual([
        422,
        notValid('administrativeRoles', 'is not applicable'),
      ]);
    expect((await post({ type: 'Mixed', administrativeRoles: [known] }))[0]).toBe(200);
  });

  it('S80 refuses a taken name', async () => {
    await create({ name: 'Straße' });
    expect(await post({ name: 'STRAßE' })).toEqual([409, CONFLICT]);
  });

  it('can be listed by type and disabled', async () => {
    const stop = await create({ type: 'Stop', disabled: true });
    const { body } = await admin.get('/policies?type=Stop&filterBy[disabled]=true&orderBy=type');
    expect(body.data).toEqual([stop]);
    expect(body.filterBy).toEqual([
      { name: 'type', value: 'Stop' },
      { name: 'disabled', value: 'true' },
    ]);
  });
});

describe('the built-in policy', () => {
  it('may change in notes and tags only, and stays', async () => {
    const policy = (await admin.get('/policies?query=Builtin')).body.data[0];
    const path = `/policies/${policy.id}`;
    expect(policy).toMatchObject({ type: 'Admin', tags: ['builtin'], clientSettings: SHOWN });
    const { status, body } = await admin.put(path, { ...policy, expression: 'return true;', disabled: true });
    expect([status, body]).toEqual([
      422,
      notValid('disabled', 'may not be changed', 'expression', 'may not be changed'),
    ]);
    expect((await admin.put(path, { ...policy, notes: 'ours' })).body.notes).toBe('ours');
    expect((await admin.delete(path)).body).toEqual(BUILT_IN);
  });
});

describe('roles reach users through policies (appgate.md §5.4)', () => {
  const holds = async (name: string) => {
    const { status, body } = await server.client.post('/login', server.credentials(name));
    return status === 200
      ? body.user.privileges.map(({ type, target }: PrivilegeLike) => `${type}/${target}`)
      : status;
  };

  it('unites the roles of all that match, identical privileges once', async () => {
    await server.plantUser('united');
    const expression = 'return claims.user.username === "united";';
    const [one, two] = [await role(READER), await role([...READER, { type: 'Test', target: 'All' }])];
    await create({ type: 'Admin', expression, administrativeRoles: [one, two] });
    await create({ type: 'Mixed', expression, administrativeRoles: [two] });
    await create({
      type: 'Admin',
      expression,
      administrativeRoles: [await role(EVERYTHING)],
      disabled: true,
    });
    expect(await holds('united')).toEqual(['View/LocalUser', 'Test/All']);
  });

  it.each([
    [
      'claims',
      'return claims.user.username === "seer" && claims.user.emails[0] === "a@b.c" && claims.user.tags.indexOf("x") === 0;',
    ],
    [
      'the provider',
      'return claims.user.ag.identityProviderName === "local" && claims.user.ag.identityProviderId.length === 36;',
    ],
    ['the device', 'return claims.device.deviceId === "4c07bc67-57ea-42dd-b702-c2d6c45419fc";'],
    [
      'the system',
      'return claims.system.clientSrcIP === "127.0.0.1" && !isNaN(Date.parse(claims.system.connectTime));',
    ],
    [
      'what the vendor builds',
      'var result = false; if/*claims.user.tags*/(claims.user.tags.includes("x"))/*end claims.user.tags*/ { return true; } return result;',
    ],
  ])('shows an expression %s', async (_, expression) => {
    if ((await admin.get('/local-users?query=seer')).body.data.length === 0)
      await server.plantUser('seer', [], { email: 'a@b.c', tags: ['x'] });
    const policy = await create({ type: 'Admin', expression, administrativeRoles: [await role(READER)] });
    expect(await holds('seer')).toEqual(['View/LocalUser']);
    await admin.delete(`/policies/${policy.id}`);
    expect(await holds('seer')).toBe(403);
  });
});

describe('S52 an expression that misbehaves is no match and a message', () => {
  it.each([
    ['an endless loop', 'for (;;) {}', 'The expression took longer than 100 ms.'],
    [
      'a memory bomb',
      'var a = []; for (;;) a.push(new Array(10000).fill("x".repeat(100) + a.length));',
      null,
    ],
    [
      'a regular expression bomb',
      'return /^(a+)+$/.test("a".repeat(40) + "!");',
      'The expression took longer than 100 ms.',
    ],
    [
      'the constructor escape',
      'return claims.constructor.constructor("return process")().exit();',
      'process',
    ],
    ['an import', 'return import("node:fs").then(() => true);', 'must return a boolean'],
    ['a throw with what no database keeps', 'throw "nul \\u0000 and \\ud800 half";', 'nul'],
    ['another type', 'return 1;', 'The expression must return a boolean, not number.'],
    ['a syntax error', 'return (;', 'SyntaxError'],
    [
      'prototype edits',
      'Object.prototype.administrator = true; Array.prototype.some = () => true; return "x";',
      'not string',
    ],
  ])('%s', async (what, expression, error) => {
    const name = `bad ${what}`;
    const policy = await create({
      name,
      type: 'Admin',
      expression,
      administrativeRoles: [await role(EVERYTHING)],
    });
    await server.plantUser(`victim of ${what}`);
    const started = performance.now();
    expect((await server.client.post('/login', server.credentials(`victim of ${what}`))).status).toBe(403);
    expect(performance.now() - started).toBeLessThan(3_000);
    expect(({} as Record<string, unknown>)['administrator']).toBeUndefined();
    const { data } = (await admin.get('/admin-messages/summarize')).body;
    const message = data.find((entry: { message: string }) => entry.message.includes(`"${name}"`));
    expect(message).toMatchObject({
      level: 'Error',
      category: 'Configuration',
      source: 'controller',
      sources: ['controller'],
    });
    if (error !== null) expect(message.message).toContain(error);
    expect((await admin.get('/policies?range=0-0')).status).toBe(200);
    await admin.delete(`/policies/${policy.id}`);
  });
});

describe('S48 no escalation by a policy', () => {
  it('lets nobody give, take over or redirect a role beyond what they hold', async () => {
    const writer = await server.userWith('policywriter', [
      { type: 'All', target: 'Policy', scope: { all: true } },
      ...READER,
    ]);
    const [small, large] = [await role(READER), await role(EVERYTHING)];
    expect((await post({ type: 'Admin', administrativeRoles: [small] }, writer))[0]).toBe(200);
    expect(await post({ type: 'Admin', administrativeRoles: [small, large] }, writer)).toEqual([
      403,
      FORBIDDEN,
    ]);
    const held = await create({ type: 'Admin', administrativeRoles: [large] });
    for (const change of [
      { expression: 'return true;' },
      { administrativeRoles: [] },
      { administrativeRoles: [small] },
      { notes: 'x' },
    ]) {
      const { status, body } = await writer.put(`/policies/${held.id}`, { ...held, ...change });
      expect([status, body]).toEqual([403, FORBIDDEN]);
    }
    expect((await admin.get(`/policies/${held.id}`)).body).toEqual(held);
  });
});

describe('S50 one full administrator remains', () => {
  it('refuses the change of a policy that would exclude the last', async () => {
    await server.plantUser('heir');
    const expression = 'return claims.user.username === "heir";';
    const policy = await create({ type: 'Admin', expression, administrativeRoles: [await role(EVERYTHING)] });
    const heir = await server.final('heir');
    const builtin = (await heir.get('/local-users?query=admin')).body.data[0];
    expect((await heir.put(`/local-users/${builtin.id}`, { ...builtin, disabled: true })).status).toBe(200);
    const changes: [string, object][] = [
      ['expression', { expression: 'return claims.user.username === "nobody";' }],
      ['expression', { expression: 'throw 1;' }],
      ['disabled', { disabled: true }],
      ['administrativeRoles', { administrativeRoles: [] }],
    ];
    for (const [field, change] of changes) {
      const { status, body } = await heir.put(`/policies/${policy.id}`, { ...policy, ...change });
      expect([status, body]).toEqual([422, notValid(field, 'must leave a full administrator')]);
    }
    const removed = await heir.delete(`/policies/${policy.id}`);
    expect([removed.status, removed.body]).toEqual([409, LAST_ADMINISTRATOR]);
    expect((await heir.put(`/local-users/${builtin.id}`, builtin)).status).toBe(200);
  });
});
