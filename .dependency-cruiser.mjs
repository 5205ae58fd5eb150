/**
 * Who may know whom (docs/architecture.md). Every rule says why it is there; `npm run architecture` checks them all.
 * An import of a type counts like any other, except in cycles, which types cannot make at run time.
 */

/** What a lib may import of the others; what is not listed is forbidden. */
const LIBS = {
  platform: [],
  audit: ['platform'],
  identity: ['platform', 'audit'],
  'mfa-methods': ['platform', 'audit', 'identity'],
  tokens: ['platform', 'audit', 'identity'],
  privileges: ['platform', 'audit', 'identity'],
  auth: ['platform', 'audit', 'identity', 'mfa-methods', 'tokens', 'privileges'],
};

/** Packages that speak HTTP or describe it. */
const HTTP_PACKAGES =
  '(^|/)node_modules/(@nestjs/(swagger|platform-[^/]+|passport)|fastify|@fastify/[^/]+|express|passport|passport-[^/]+|class-validator|class-transformer|swagger-ui-dist|find-my-way|nestjs-pino|pino-http)/';

/** Where programs begin: the server, the operator's command line, and the description of the API that `npm run openapi` writes down. */
const ENTRIES = '^apps/(server/src/(main|openapi/describe-api)|cli/src/main)\\.ts$';

const SPEC = '\\.(e2e-)?spec\\.ts$';

/** A spec may plant its facts through any lib; only what it stands beside keeps to the table. */
const libRules = Object.entries(LIBS).map(([lib, allowed]) => ({
  name: `lib-${lib}`,
  comment: `libs/${lib} knows ${allowed.length === 0 ? 'no other lib' : allowed.join(', ')} and nothing else of the house.`,
  severity: 'error',
  from: { path: `^libs/${lib}/`, pathNot: SPEC },
  to: { path: '^libs/', pathNot: `^libs/(${[lib, ...allowed].join('|')})/` },
}));

export default {
  forbidden: [
    ...libRules,
    {
      name: 'lib-unknown',
      comment: 'A new lib takes its place in the table LIBS first.',
      severity: 'error',
      from: { path: '^libs/', pathNot: `^libs/(${Object.keys(LIBS).join('|')})/` },
      to: {},
    },
    {
      name: 'libs-know-no-app',
      comment: 'Libs know, apps speak: a lib has never heard of the wire.',
      severity: 'error',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'libs-know-no-http',
      comment:
        'A lib holds rules and rows; HTTP, its descriptions and its validation live in the app. Calls that go out have one client, which ' +
        'knows the allow list (S87).',
      severity: 'error',
      from: { path: '^libs/', pathNot: '^libs/platform/src/outgoing/outgoing-http\\.ts$' },
      to: { path: [HTTP_PACKAGES, '^(node:)?(http|https|http2|tls)$'] },
    },
    {
      name: 'lib-front-door-only',
      comment: 'A lib is entered by its index.ts only.',
      severity: 'error',
      from: { path: '^(apps|test|tools)/' },
      to: { path: '^libs/', pathNot: '^libs/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'lib-front-door-only-for-libs',
      comment: 'A lib is entered by its index.ts only, by other libs too.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/' },
      to: { path: '^libs/', pathNot: ['^libs/$1/', '^libs/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'relations-stay-in-their-lib',
      comment: 'Across libs an id, within a lib a relation: an entity imports no lib that has entities.',
      severity: 'error',
      from: { path: '^libs/([^/]+)/.*\\.entity\\.ts$' },
      to: { path: '^libs/', pathNot: '^libs/($1|platform)/' },
    },
    {
      name: 'dialects-never-meet',
      comment: 'A dialect is a translation of the core; what two of them need lives in http/ or in a lib.',
      severity: 'error',
      from: { path: '^apps/server/src/(appgate|vault|gate|ops)/' },
      to: { path: '^apps/server/src/(appgate|vault|gate|ops)/', pathNot: '^apps/server/src/$1/' },
    },
    {
      name: 'dialects-know-http-and-libs',
      comment: 'A dialect does not reach up to where the server is put together.',
      severity: 'error',
      from: { path: '^apps/server/src/(appgate|vault|gate|ops)/', pathNot: [SPEC, ENTRIES] },
      to: { path: '^apps/server/src/', pathNot: '^apps/server/src/(appgate|vault|gate|ops|http)/' },
    },
    {
      name: 'http-knows-no-dialect',
      comment: 'The transport knows the interface Dialect and none that implements it.',
      severity: 'error',
      from: { path: '^apps/server/src/http/' },
      to: { path: '^apps/server/src/', pathNot: '^apps/server/src/http/' },
    },
    {
      name: 'apps-never-meet',
      comment: 'The server and the command line share the libs, and nothing of each other.',
      severity: 'error',
      from: { path: '^apps/([^/]+)/', pathNot: SPEC },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'no-cycles',
      comment: 'A cycle of values crashes the built ESM server where tests still pass.',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    {
      name: 'no-orphans',
      comment: 'A module that imports nothing and is imported by nobody is forgotten.',
      severity: 'error',
      from: { orphan: true, path: '^(apps|libs)/', pathNot: SPEC },
      to: {},
    },
    {
      name: 'no-dead-code',
      comment:
        'What no program reaches is not part of the server. Threads are started by file name; the walk over all routes (S44) is for tests.',
      severity: 'error',
      from: { path: ENTRIES },
      to: {
        path: '^(apps|libs)/',
        pathNot: [SPEC, ENTRIES, '-worker\\.ts$', '^apps/server/src/http/route-walk\\.ts$'],
        reachable: false,
      },
    },
    {
      name: 'production-needs-no-dev-dependency',
      comment: 'The image holds the production dependencies only.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: SPEC },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'production-knows-no-test',
      comment: 'Test support and tools are not part of the server.',
      severity: 'error',
      from: { path: '^(apps|libs)/', pathNot: SPEC },
      to: { path: ['^(test|tools)/', SPEC] },
    },
    {
      name: 'no-undeclared-dependency',
      comment: 'What is imported stands in package.json, and can be found.',
      severity: 'error',
      from: {},
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-unresolvable',
      comment: 'Every import leads somewhere.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    detectProcessBuiltinModuleCalls: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
