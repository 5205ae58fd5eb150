import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

type PathItem = OpenAPIObject['paths'][string];

const DESCRIPTION = `Sallyport finishes sign-ins: first factor, second factor, and a token that knows what its owner may do.

Two dialects speak to one core: \`/admin\` is the admin API of an Appgate SDP Controller, \`/v1\` is HashiCorp Vault's API. At \`/v1\`, PUT means the same as POST
on every write, and the verb LIST the same as GET with \`list=true\`.`;

/** The headings of the documentation, in the order an administrator meets them. */
const TAGS: [name: string, description: string][] = [
  ['admin: sign-in', 'Password, second factor, authorization, logout.'],
  ['admin: MFA', 'Who owes a second factor, the providers of it, and the authenticators that are bound.'],
  [
    'admin: my account',
    'Your own profile, password, sessions and authenticators, and what you were told of them.',
  ],
  ['admin: local users', 'People who sign in with a password kept here.'],
  [
    'admin: user support',
    'The authenticators and sessions of somebody else, and codes to set a password with.',
  ],
  ['admin: roles and policies', 'What may be done, and who gets it.'],
  ['admin: scripts', 'Expressions that policies call, and a place to try one.'],
  ['admin: identity providers', 'Where a first factor is proven, and what is known of its users.'],
  ['admin: service users', 'Accounts of programs.'],
  ['admin: devices and sessions', 'Where people are signed in, and how to end it.'],
  ['admin: blacklist', 'Users who are kept out.'],
  ['admin: settings', 'Of the whole installation.'],
  ['admin: messages', 'What the server has to tell its administrators.'],
  ['admin: preferences and tags', 'What user interfaces keep here.'],
  ['admin: IP pools', 'Two fixed pools that clients look up.'],
  ['Vault: login MFA', 'The second phase of a login.'],
  ['Vault: userpass', 'Logins, and the users of a mount.'],
  ['Vault: tokens', 'Look up, renew and revoke.'],
  ['Vault: MFA methods', 'Methods, and the keys of authenticators.'],
  ['Vault: login enforcement', 'Which logins owe which methods.'],
  ['Vault: entities', 'People and their aliases.'],
  ['Vault: auth mounts', 'Where logins are taken.'],
  ['Vault: server status', 'Health, seal status, leader.'],
  ['In front of other tools', 'What a proxy asks before it lets a request through.'],
  ['OAuth: tokens', 'What services ask about tokens they were shown.'],
  ['Operations', 'For balancers and supervisors.'],
];

/** The OpenAPI document of all routes, as committed in `openapi.json`. */
export function apiDocument(app: INestApplication, version: string): OpenAPIObject {
  const settings = new DocumentBuilder()
    .setTitle('Sallyport')
    .setDescription(DESCRIPTION)
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'this server')
    .addSecurity('bearer', { type: 'http', scheme: 'bearer', description: 'AuthToken of `/admin`.' })
    .addSecurity('vaultToken', {
      type: 'apiKey',
      in: 'header',
      name: 'X-Vault-Token',
      description: 'Client token of `/v1`; `Authorization: Bearer` works too.',
    })
    .addSecurity('serviceToken', {
      type: 'http',
      scheme: 'basic',
      description: 'At `/oauth2`: a token of either dialect as the secret of a client, whose id may be any.',
    })
    .setOpenAPIVersion('3.0.3')
    .build();
  settings.tags = TAGS.map(([name, description]) => ({ name, description }));
  const document = SwaggerModule.createDocument(app, settings, {
    operationIdFactory: (controller, method) => `${controller}_${method}`,
  });
  const paths = Object.entries(document.paths).toSorted(([one], [other]) => (one < other ? -1 : 1));
  document.paths = Object.fromEntries(paths.flatMap(([path, item]) => withListAsGet(path, stated(item))));
  return document;
}

/** An operation without security is open, and says so. */
function stated(item: PathItem): PathItem {
  const operations = Object.entries(item).map(([verb, operation]) => [
    verb,
    { ...operation, security: operation.security ?? [] },
  ]);
  return Object.fromEntries(operations) as PathItem;
}

/** A list operation is shown as the GET it can be sent as: its own path with a slash, and `list=true` (contract vault.md §2.2). */
function withListAsGet(path: string, item: PathItem): [string, PathItem][] {
  const { search, ...rest } = item as PathItem & { search?: PathItem['get'] };
  if (search === undefined) return [[path, item]];
  const parameter = {
    name: 'list',
    in: 'query',
    required: true,
    description: 'Or send the verb LIST.',
    schema: { type: 'boolean', enum: [true] },
  };
  const get = { ...search, parameters: [...(search.parameters ?? []), parameter] } as PathItem['get'];
  const others: [string, PathItem][] = Object.keys(rest).length === 0 ? [] : [[path, rest]];
  return [...others, [`${path}/`, { get }]];
}
