import { isDeepStrictEqual } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ACCEPT } from '../support/appgate-client.js';
import { dump } from '../support/faults.js';
import { OPERATIONS, type Operation, resolve, type Schema } from '../support/openapi-document.js';
import { surplusOf } from '../support/schema-problems.js';
import { type Answer, send, SMUGGLING } from '../support/send.js';
import { ActScene, changingActs, idleActs } from './changing-acts.js';
import { named, RouteWalker } from './route-walker.js';

let scene: ActScene;
let walker: RouteWalker;
beforeAll(async () => {
  scene = await ActScene.open();
  walker = await RouteWalker.open();
});
afterAll(async () => {
  await scene.close();
  await walker.stage.close();
});

const TEXT = 'smuggled-plum-46';
const ID = '46464646-4646-4646-8646-464646464646';
const NUMBER = 464_646_464_646;
const MARKS = [TEXT, ID, ID.replaceAll('-', ''), String(NUMBER)];

/** What no request decides: identities, standing, secrets as they are kept, and what the server counts. */
const FOREIGN: Record<string, unknown> = {
  id: ID,
  accountId: ID,
  account_id: ID,
  principalId: ID,
  principal_id: ID,
  namespace_id: ID,
  accessor: TEXT,
  isAdmin: TEXT,
  is_admin: TEXT,
  root: TEXT,
  builtIn: TEXT,
  built_in: TEXT,
  passwordHash: TEXT,
  password_hash: TEXT,
  tokenHash: TEXT,
  token_hash: TEXT,
  handleHash: TEXT,
  sealedSecret: TEXT,
  sealed_seed: TEXT,
  seed: TEXT,
  lastUsedStep: NUMBER,
  last_used_step: NUMBER,
  credentialVersion: NUMBER,
  credential_version: NUMBER,
  tokenEpoch: NUMBER,
  modifyIndex: NUMBER,
  disabledAt: TEXT,
  disabled_at: TEXT,
  verifiedAt: TEXT,
  boundAt: TEXT,
  created: TEXT,
  createdAt: TEXT,
  creation_time: TEXT,
  updated: TEXT,
  updatedAt: TEXT,
  last_update_time: TEXT,
  nameCanonical: TEXT,
  name_canonical: TEXT,
  exemptionCounts: TEXT,
  mergedIds: [ID],
};

/** The body with every foreign field its schema does not name, at every depth at which a schema names any. */
function laden(body: unknown, unresolved: Schema): unknown {
  const schema = resolve(unresolved);
  if (Array.isArray(body)) return body.map((one) => laden(one, schema.items ?? {}));
  if (typeof body !== 'object' || body === null) return body;
  const parts = [schema, ...(schema.oneOf ?? []).map(resolve)];
  const properties: Record<string, Schema> = Object.assign({}, ...parts.map((part) => part.properties ?? {}));
  const isFree = parts.some(({ additionalProperties }) => additionalProperties);
  if (isFree || Object.keys(properties).length === 0) return body;
  const own = Object.entries(body).map(([name, field]) => [name, laden(field, properties[name] ?? {})]);
  const foreign = Object.entries(FOREIGN).filter(([name]) => !Object.hasOwn(properties, name));
  return Object.fromEntries([...foreign, ...own]);
}

function operationOf(route: string): Operation | undefined {
  const [method, path] = route.split(' ') as [string, string];
  const name = `${method.toLowerCase()} ${path.replaceAll(/:(\w+)/g, '{$1}')}`;
  return OPERATIONS.find((operation) => operation.name === name);
}

/** Fields of objects that are keyed by names somebody gave, which no schema can list. */
const KEYED = [/^\/v1\/sys\/capabilities.* \.data\.[^.]+$/, /^\/v1\/sys\/auth \.data\.[^.]+\/$/];

/** A provider is answered with what its type takes in requests, secrets excepted (`ProviderAnswer`). */
function takenByProviders(): Set<string> {
  const { body } = OPERATIONS.find(({ name }) => name === 'put /admin/identity-providers/{id}')!;
  const shapes = (body?.oneOf ?? []).flatMap((shape) => Object.entries(resolve(shape).properties ?? {}));
  return new Set(shapes.filter(([, field]) => field.writeOnly !== true).map(([name]) => name));
}

function surplusIn({ path, responses }: Operation, { status, body }: Answer): string[] {
  const schema = responses[String(status)]?.content?.['application/json']?.schema;
  if (body === undefined) return [];
  const ofProviders = path.startsWith('/admin/identity-providers') ? takenByProviders() : new Set();
  return surplusOf(path.startsWith('/v1/sys/') ? withoutMirror(body) : body, schema ?? { properties: {} })
    .map((problem) => problem.replace(': not in the schema', ''))
    .filter((place) => !ofProviders.has(place.split('.').at(-1)!))
    .filter((place) => !KEYED.some((keyed) => keyed.test(`${path} ${place}`)));
}

/** Some system routes of `/v1` answer their data a second time beside the envelope (contract vault.md §2.3). */
function withoutMirror(body: Record<string, unknown>): Record<string, unknown> {
  const data = (body['data'] ?? {}) as Record<string, unknown>;
  const isMirrored = (name: string): boolean => isDeepStrictEqual(body[name], data[name]);
  return Object.fromEntries(
    Object.entries(body).filter(([name]) => !Object.hasOwn(data, name) || !isMirrored(name)),
  );
}

async function markedTables(): Promise<string[]> {
  const tables = await dump(scene.stage.first.database);
  return [...tables].filter(([, text]) => MARKS.some((mark) => text.includes(mark))).map(([table]) => table);
}

for (const route of [...Object.keys(changingActs()), ...Object.keys(idleActs())])
  it(`S46 ${route} takes the fields of its schema and answers no others`, async () => {
    const operation = operationOf(route);
    expect(operation).toBeDefined();
    const act = await { ...changingActs(scene), ...idleActs(scene) }[route]!();
    const schema = operation!.body ?? {};
    SMUGGLING.into = (body) => (body === undefined ? body : laden(body, schema));
    const answer = await act().finally(() => (SMUGGLING.into = null));
    const isDone = answer.status < 300 || route in idleActs();
    expect([isDone ? '' : answer.text, surplusIn(operation!, answer)]).toEqual(['', []]);
    expect(MARKS.filter((mark) => answer.text.includes(mark))).toEqual([]);
    expect(await markedTables()).toEqual([]);
  });

it('S46 every reading route answers the fields of its schema and no others', async () => {
  const { stage, admin, routes } = walker;
  const surplus: string[] = [];
  let read = 0;
  for (const route of routes.filter(({ method }) => ['GET', 'SEARCH'].includes(method))) {
    const operation = operationOf(named(route));
    const token = route.path.startsWith('/v1')
      ? { 'x-vault-token': stage.first.rootToken }
      : { authorization: `Bearer ${admin.token}` };
    const answer = await send({
      method: route.method === 'SEARCH' ? 'LIST' : 'GET',
      url: `${stage.first.url}${walker.fill(route.path)}`,
      headers: { accept: ACCEPT, ...token },
    });
    if (operation === undefined || answer.status !== 200) continue;
    read += 1;
    surplus.push(...surplusIn(operation, answer).map((problem) => `${named(route)} ${problem}`));
  }
  expect(surplus).toEqual([]);
  expect(read).toBeGreaterThan(40);
});

/** What nobody outside is ever shown. */
const INTERNAL =
  /hash|sealed_|sealed[A-Z]|last_?used_?step|credential_?version|epoch|seed_?version|exemption_?counts|handle|canonical_?name$|nameCanonical/;

it('S46 no schema of an answer knows hashes, sealed values or what the server keeps for itself', () => {
  const names = new Set<string>();
  const seen = new Set<Schema>();
  const gather = (unresolved: Schema): void => {
    const schema = resolve(unresolved);
    if (seen.has(schema)) return;
    seen.add(schema);
    for (const [name, field] of Object.entries(schema.properties ?? {})) {
      if (field.writeOnly !== true) names.add(name);
      gather(field);
    }
    for (const inner of [schema.items, ...(schema.oneOf ?? [])]) if (inner !== undefined) gather(inner);
    if (typeof schema.additionalProperties === 'object') gather(schema.additionalProperties);
  };
  for (const { responses } of OPERATIONS)
    for (const { content } of Object.values(responses))
      for (const { schema } of Object.values(content ?? {})) if (schema !== undefined) gather(schema);
  expect(names.size).toBeGreaterThan(200);
  expect([...names].filter((name) => INTERNAL.test(name))).toEqual([]);
});
