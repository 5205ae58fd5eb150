import { setTimeout as pause } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ACCEPT } from '../support/appgate-client.js';
import { SHOWN_ON_PURPOSE } from '../support/dump-search.js';
import { OPERATIONS, type Operation, type Schema } from '../support/openapi-document.js';
import { bodiesFor, urlTexts } from '../support/schema-inputs.js';
import { problemsOf } from '../support/schema-problems.js';
import { type Answer, send } from '../support/send.js';
import { PASSWORD } from '../support/stage.js';
import { FuzzScene } from './fuzz-scene.js';
import { OPEN_ROUTES } from './open-routes.js';

/** Inputs for each operation with a token that may do everything; a third of that without. */
const RUNS = Number(process.env['FUZZ_RUNS'] ?? 24);
/** fast-check prints it with a counterexample, and the path to it. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_122);
/** No call takes longer; milliseconds. */
const LIMIT = 10_000;

/** What ends the caller's own token by its purpose: everything after would only show that it has ended. */
const LEFT_OUT = new Map([
  ['post /admin/authentication/logout', 'ends the session of the caller'],
  ['post /v1/auth/token/revoke-self', 'ends the root token, which nothing gives back'],
  ['put /admin/sallyport/me/password', 'sets another password for the caller'],
  ['put /admin/admin-mfa-settings', 'asks the caller for a factor at the next sign-in'],
]);

/** Operations that have done at least once what they were asked. */
const accepted = new Set<string>();

const OPEN = new Set(OPEN_ROUTES.map((route) => route.replaceAll(/:(\w+)/g, '{$1}').toLowerCase()));

let scene: FuzzScene;
beforeAll(async () => {
  // Right passwords go into fields of any kind.
  SHOWN_ON_PURPOSE.add(PASSWORD);
  scene = await FuzzScene.open();
});
afterAll(() => scene.stage.close());

interface Input {
  path: string;
  accept: string;
  body: unknown;
  /** The operation's own unless given. */
  method?: string;
}

const accepts = fc.oneof(
  { weight: 30, arbitrary: fc.constant(ACCEPT) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      '*/*',
      'application/json',
      ACCEPT.replace('23', '99'),
      `${ACCEPT};q=0`,
      'é',
    ),
  },
);

function inputsOf(operation: Operation, targets: Record<string, string>): fc.Arbitrary<Input> {
  const { path, parameters, body } = operation;
  const inPath = parameters.filter((parameter) => parameter.in === 'path');
  const inQuery = parameters.filter((parameter) => parameter.in === 'query');
  const filled = fc
    .tuple(...inPath.map(({ name, schema }) => urlTexts(schema, name in targets ? [targets[name]!] : [])))
    .map((values) =>
      inPath.reduce((at, { name }, index) => at.replace(`{${name}}`, () => values[index]!), path),
    );
  const query = fc
    .tuple(
      ...inQuery.map(({ name, schema }) =>
        fc.option(
          urlTexts(schema.items ?? schema).map((value) => `${name}=${value}`),
          { freq: 1 },
        ),
      ),
    )
    .chain((parts) => {
      const given = parts.filter((part) => part !== null);
      return fc.constantFrom(given, given, given, [...given, ...given], [...given, 'odd=1', '&&=']);
    });
  const plainPath = inPath.reduce(
    (at, { name }) => at.replace(`{${name}}`, () => encodeURIComponent(targets[name] ?? 'x')),
    path,
  );
  const plain = path.endsWith('/') ? `${plainPath}?list=true` : plainPath;
  const odd = fc
    .tuple(filled, query)
    .map(([at, parts]) => (parts.length > 0 ? `${at}?${parts.join('&')}` : at));
  return fc.record({
    // What ends in a slash is a list, which has a verb of its own (S82).
    method: path.endsWith('/') ? fc.constantFrom(operation.method, 'LIST') : fc.constant(operation.method),
    path: fc.oneof(fc.constant(plain), odd),
    accept: path.startsWith('/admin') ? accepts : fc.constant('*/*'),
    body:
      body === undefined
        ? fc.constant(undefined)
        : bodiesFor(body, scene.knownFields, scene.sampleOf(operation)),
  });
}

type Caller = 'everything' | 'nobody';

async function call(operation: Operation, input: Input, caller: Caller): Promise<Answer> {
  const { path, accept, body, method = operation.method } = input;
  const { stage, admin } = scene;
  const token = path.startsWith('/v1')
    ? { 'x-vault-token': stage.first.rootToken }
    : { authorization: `Bearer ${admin.token}` };
  const headers = { accept: Buffer.from(accept).toString('latin1'), ...(caller === 'everything' && token) };
  const answered = send({ method, url: `${stage.first.url}${path}`, headers, body });
  const timer = new AbortController();
  const late = pause(LIMIT, undefined, { signal: timer.signal }).then(() => {
    throw new Error(`no answer within ${LIMIT} ms`);
  });
  return Promise.race([answered, late]).finally(() => {
    timer.abort();
    late.catch(() => undefined);
  });
}

/** What is wrong with an answer, whatever was asked. */
function flawsOf({ path, method, responses }: Operation, { status, headers, text, body }: Answer): string[] {
  const content = responses[String(status)]?.content;
  const type = headers['content-type'];
  // Its clock stands still, so that it is soon too far from that of the database (S93).
  if (path === '/readyz' && status === 503) return [];
  if (status >= 500) return [`status ${status}`];
  if (text === '')
    return status === 204 || method === 'HEAD' || status < 300 ? [] : ['an error without a body'];
  if (content !== undefined && !Object.keys(content).includes(type ?? '')) return [`content type ${type}`];
  if (content === undefined && type !== 'application/json') return [`content type ${type}`];
  if (status < 400 && type !== 'application/json') return [];
  if (status < 400) return flawsOfAnswer(path, body, content?.['application/json']?.schema ?? {});
  if (path.startsWith('/v1')) return vaultErrorFlaws(body);
  return problemsOf(body, content?.['application/json']?.schema ?? ERROR);
}

/** At `/v1` one schema describes a thing wherever it appears, in lists with fewer fields: there only what is present is judged. Data may
 * be null beside a warning. */
function flawsOfAnswer(path: string, body: unknown, schema: Schema): string[] {
  const problems = problemsOf(body, schema);
  return path.startsWith('/v1')
    ? problems.filter((problem) => isPresent(problem) && problem !== '.data: null')
    : problems;
}

const isPresent = (problem: string): boolean => !problem.endsWith(': missing');

const ERROR = {
  type: 'object',
  properties: { id: { type: 'string', minLength: 1 }, message: { type: 'string', minLength: 1 } },
  required: ['id', 'message'],
};

function vaultErrorFlaws(body: unknown): string[] {
  const { errors, ...others } = (body ?? {}) as { errors?: unknown };
  const listed = Array.isArray(errors) && errors.every((error) => typeof error === 'string');
  return listed && Object.keys(others).length === 0 ? [] : ['not {errors: [texts]}'];
}

/** Its client is an old one whose body decides nothing: what is not read is not judged (appgate.md §6.9). */
const LENIENT = 'put /admin/token-records/revoked/by-dn/{DN}';

/** What the schema of the request forbids in a body that was accepted; `/v1` reads values of other types as its clients expect. */
function forbidden({ name, path, body: schema }: Operation, { body }: Input): string[] {
  if (!path.startsWith('/admin') || name === LENIENT || schema === undefined) return [];
  // Texts are sent as they are, and are no JSON object.
  if (typeof body === 'string') return [];
  return problemsOf(body, schema).map((problem) => `accepted ${problem}`);
}

/** Reads back what was written, where that can be: by its own path, or by the id it was given. */
async function flawsOfStored(operation: Operation, input: Input, written: Answer): Promise<string[]> {
  if (!['POST', 'PUT'].includes(operation.method) || written.status >= 300) return [];
  const id = written.body?.id ?? written.body?.data?.id;
  const own = OPERATIONS.find(({ name }) => name === `get ${operation.path}`);
  const byId = ['{id}', 'id/{id}'].map((end) => `get ${operation.path}/${end}`);
  const reading = operation.path.includes('{') ? own : OPERATIONS.find(({ name }) => byId.includes(name));
  if (reading === undefined || (reading !== own && id === undefined)) return [];
  const path = reading === own ? input.path : reading.path.replace('{id}', encodeURIComponent(id));
  const found = await call(reading, { path, accept: ACCEPT, body: undefined }, 'everything');
  if (found.status !== 200) return [`written, and then ${found.status} at ${path}`];
  const flaws = flawsOf(reading, found);
  if (!path.startsWith('/admin')) return flaws;
  const rules = operation.body?.oneOf === undefined ? operation.body : undefined;
  return [...flaws, ...problemsOf(found.body, rules ?? {}).filter(isPresent)];
}

/** The counterexample with its seed, and what was wrong with its answer. */
function told({ message, cause }: Error): string {
  return cause instanceof Error ? `${cause.message}\n${message}` : message;
}

async function fuzz(operation: Operation, caller: Caller): Promise<void> {
  const targets = await scene.targetsOf(operation);
  const isOpen = OPEN.has(operation.name);
  const numRuns = caller === 'everything' ? RUNS : Math.ceil(RUNS / 3);
  await fc.assert(
    fc.asyncProperty(inputsOf(operation, targets), async (input) => {
      const answer = await call(operation, input, caller);
      const flaws = flawsOf(operation, answer);
      if (answer.status < 300) accepted.add(operation.name);
      if (
        caller === 'nobody' &&
        !isOpen &&
        !/^.(healthz|readyz|docs)/.test(operation.path) &&
        answer.status < 400
      )
        flaws.push(`let in without a token: ${answer.status}`);
      if (answer.status < 300) flaws.push(...forbidden(operation, input));
      if (caller === 'everything') flaws.push(...(await flawsOfStored(operation, input, answer)));
      if (flaws.length > 0)
        throw new Error(`${flaws.join('; ')}; told ${answer.status} ${answer.text.slice(0, 300)}`);
    }),
    {
      seed: SEED,
      numRuns,
      endOnFailure: process.env['FUZZ_SHRINK'] === undefined,
      interruptAfterTimeLimit: 600_000,
    },
  );
}

const fuzzed = OPERATIONS.filter(({ name }) => !LEFT_OUT.has(name));

for (const caller of ['nobody', 'everything'] as const)
  it(
    caller === 'nobody'
      ? 'S81 whatever comes without a token is refused in shape, and opens nothing'
      : 'S81 whatever an administrator sends is answered in shape, and nothing is stored that the schema forbids',
    async () => {
      const failures: string[] = [];
      for (const operation of fuzzed) {
        if (caller === 'everything') await scene.keepAdministrator();
        await fuzz(operation, caller).catch((failure: Error) =>
          failures.push(`${operation.name}: ${told(failure)}`),
        );
        await scene.tidy(operation);
      }
      expect(failures.join('\n\n')).toBe('');
    },
    240_000 * Math.max(1, RUNS / 24),
  );

it('S81 many of the inputs are right ones, so that what lies behind the checks is met too', () => {
  const never = fuzzed.map(({ name }) => name).filter((name) => !accepted.has(name));
  // What is left wants a code, a file of a vendor, or something that happens in between.
  expect(never.length, never.join('\n')).toBeLessThan(fuzzed.length / 4);
});

it('S81 leaves out only what exists', () => {
  const names = OPERATIONS.map(({ name }) => name);
  expect([...LEFT_OUT.keys()].filter((name) => !names.includes(name))).toEqual([]);
  expect(fuzzed.length).toBe(names.length - LEFT_OUT.size);
});
