import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type WalkedRoute, walkRoutes } from '../../apps/server/src/http/route-walk.js';
import { ACCEPT, type AppgateClient } from '../support/appgate-client.js';
import { type Answer, expecting, send } from '../support/send.js';
import { type Player, Stage, together } from '../support/stage.js';
import { COLLECTIONS } from './admin-acts.js';

let stage: Stage;
let admin: AppgateClient;
let player: Player;
let localUserId: string;
beforeAll(async () => {
  stage = await Stage.open(1);
  admin = await stage.administrator();
  player = await stage.addPlayer('fuzzed');
  localUserId = (await admin.get('/local-users?query=fuzzed')).body.data[0].id;
});
afterAll(() => stage.close());

const NOT_JSON = { id: 'bad request', message: 'The request body is not valid JSON.' };
const NOT_VALID_BODY = {
  id: 'unprocessable entity',
  message: 'The request is not valid.',
  errors: [{ field: 'body', message: 'must be an object' }],
};
const NOT_PARSED = { errors: ['error parsing JSON'] };

function postRaw(path: string, body: string | Buffer, token: Record<string, string> = {}): Promise<Answer> {
  return send({
    method: 'POST',
    url: `${stage.first.url}${path}`,
    headers: { accept: ACCEPT, ...token },
    body,
  });
}

const TRICKS: [what: string, body: string, admin: [number, object]][] = [
  ['broken JSON', '{"username":', [400, NOT_JSON]],
  ['two values', '{} {}', [400, NOT_JSON]],
  ['__proto__', '{"__proto__":{"admin":true}}', [400, NOT_JSON]],
  ['__proto__ deep inside', '{"a":{"b":[{"__proto__":1}]}}', [400, NOT_JSON]],
  ['nested 33 deep', `${'{"a":'.repeat(33)}1${'}'.repeat(33)}`, [400, NOT_JSON]],
  ['nested 20 000 deep', `${'['.repeat(20_000)}${']'.repeat(20_000)}`, [400, NOT_JSON]],
  ['a list', '[]', [422, NOT_VALID_BODY]],
  ['null', 'null', [422, NOT_VALID_BODY]],
  ['a text', '"x"', [422, NOT_VALID_BODY]],
  [
    'bytes that are no UTF-8',
    Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]).toString('latin1'),
    [400, NOT_JSON],
  ],
];

it('S81 refuses each trick of a body in both dialects, on open and on closed routes', async () => {
  for (const [what, text, [status, body]] of TRICKS) {
    const bytes = Buffer.from(text, 'latin1');
    for (const [path, token] of [
      ['/admin/authentication', {}],
      ['/admin/local-users', { authorization: `Bearer ${admin.token}` }],
    ] as const) {
      const answer = await postRaw(path, bytes, token);
      expect([what, path, answer.status, answer.body]).toEqual([what, path, status, body]);
    }
    for (const [path, token] of [
      ['/v1/auth/userpass/login/fuzzed', {}],
      ['/v1/sys/mfa/validate', {}],
      ['/v1/identity/entity', { 'x-vault-token': stage.first.rootToken }],
    ] as const) {
      const answer = await postRaw(path, bytes, token);
      expect([what, path, answer.status, answer.body]).toEqual([what, path, 400, NOT_PARSED]);
    }
  }
  expect(({} as { admin?: boolean }).admin).toBeUndefined();
});

it('S81 refuses a parameter that may stand once and stands twice', async () => {
  for (const query of ['range=0-1&range=0-2', 'orderBy=name&orderBy=id', 'descending=true&descending=false'])
    expect([query, (await admin.get(`/local-users?${query}`)).status]).toEqual([query, 422]);
  await expecting(400, stage.root.read('identity/entity/id?list=true&list=false'));
});

const ODD_VALUES: unknown[] = [
  null,
  true,
  7,
  -1,
  1.5,
  1e300,
  'x',
  '',
  '\u0000',
  '\ud800',
  'a'.repeat(5_000),
  [],
  [null],
  [[[]]],
  {},
  { constructor: 1 },
];

/** By route: what PUT changes. */
const objects = new Map<string, string>();

/** For a route of a collection, a valid body of which one field is then odd. */
function sound({ method, path }: WalkedRoute, index: number): object {
  const sample = COLLECTIONS[path.split('/')[2]!];
  if (sample === undefined || !/^.admin.[^/]+(.:id)?$/.test(path)) return {};
  const { fields, asNew } = sample;
  return method === 'PUT' ? { name: 'stays', ...fields } : { name: `odd ${index}`, ...fields, ...asNew };
}

/** Ends what the rest of the test stands on. */
const LEFT_OUT = ['POST /v1/auth/token/revoke-self', 'POST /admin/authentication/logout'];

it('S81 no field of any route makes the server fail', async () => {
  const document = (await send({ method: 'GET', url: `${stage.first.url}/docs/openapi.json` })).body;
  const routes = walkRoutes(stage.first.app).filter(({ method }) => ['POST', 'PUT'].includes(method));
  let sent = 0;
  for (const [path, { fields, asNew }] of Object.entries(COLLECTIONS)) {
    const made = await expecting(200, admin.post(`/${path}`, { name: 'stays', ...fields, ...asNew }));
    objects.set(`/admin/${path}/:id`, made.body.id);
  }
  for (const route of routes.filter(({ method, path }) => !LEFT_OUT.includes(`${method} ${path}`))) {
    const fields = fieldsOf(document, route);
    const bodies = fields.flatMap((field) => ODD_VALUES.map((value) => ({ [field]: value })));
    bodies.push(...ODD_VALUES.map((value) => Object.fromEntries(fields.map((field) => [field, value]))));
    const url = `${stage.first.url}${fill(route.path)}`;
    for (let at = 0; at < bodies.length; at += 8) {
      const headers = {
        accept: ACCEPT,
        ...(route.path.startsWith('/v1')
          ? { 'x-vault-token': stage.first.rootToken }
          : { authorization: `Bearer ${admin.token}` }),
      };
      const some = bodies.slice(at, at + 8).map((odd, index) => ({ ...sound(route, at + index), ...odd }));
      const answers = await together(some.length, (index) =>
        send({ method: route.method, url, headers, body: some[index] }),
      );
      for (const [index, { status, text }] of answers.entries())
        expect([route.path, some[index], status < 500, text.slice(0, 200)]).toEqual([
          route.path,
          some[index],
          true,
          text.slice(0, 200),
        ]);
      sent += some.length;
      // One of them has ended every token.
      const ended = route.access?.kind === 'privilege' && answers.some(({ status }) => status === 401);
      if (ended) admin = await stage.administrator();
    }
    await stage.rows(`DELETE FROM policies WHERE NOT built_in AND name <> 'stays'`);
  }
  expect(sent).toBeGreaterThan(4_000);
  await expecting(200, admin.get('/local-users'));
  await expecting(200, stage.root.read('sys/auth'));
}, 240_000);

function fill(path: string): string {
  return path
    .replace(':path', 'fuzzed-mount')
    .replace(':mount', 'userpass')
    .replace(':username', 'fuzzed')
    .replace(':type', 'totp')
    .replace(':method_id', randomUUID())
    .replace(':name', 'fuzzed-name')
    .replace(':DN', 'OU=nobody')
    .replace(':id', objects.get(path) ?? (path.startsWith('/v1') ? player.entityId : localUserId));
}

/** The body's fields as the OpenAPI document has them. */
function fieldsOf(document: any, { method, path }: WalkedRoute): string[] {
  const described = document.paths[path.replaceAll(/:(\w+)/g, '{$1}')]?.[method.toLowerCase()];
  const content = described?.requestBody?.content ?? {};
  return [...new Set(propertiesOf(document, Object.values<any>(content)[0]?.schema ?? {}))];
}

/** Of the shapes an identity provider has by its type, that of the sample; the fields of the others would be dropped. */
function isOfSample({ $ref }: { $ref: string }): boolean {
  return $ref.endsWith('/RadiusFields') || $ref.endsWith('/NewRadiusFields');
}

function propertiesOf(document: any, { $ref, oneOf = [], properties = {} }: any): string[] {
  if ($ref === undefined)
    return [
      ...Object.keys(properties),
      ...oneOf.filter(isOfSample).flatMap((one: any) => propertiesOf(document, one)),
    ];
  const steps: string[] = $ref.slice(2).split('/');
  return propertiesOf(
    document,
    steps.reduce((at, key) => at[key], document),
  );
}
