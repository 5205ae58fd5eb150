/**
 * What becomes part of the text of a statement without being a constant (S86): each is one of our own fragments, chosen by name, or the number
 * of a parameter; nothing of it comes from a caller. Whoever adds one says here why that is so.
 */
export const SQL_FRAGMENTS: Record<string, string[]> = {
  // Numbers of parameters behind those of a scope.
  'libs/auth/src/devices/device-revocation.service.ts': [
    'first + 3',
    'first + 4',
    'first + 5',
    "withinReach('p', first)",
  ],
  // Numbers of parameters, as many as there are values.
  'libs/audit/src/audit.service.ts': ['placeholders(part)'],
  // Of each statement one for one row and one for three, with a list of so many parameters.
  'libs/auth/src/first-factor/password-throttle.service.ts': [
    'BOOK.get(rows.length)!',
    'RELEASE.get(rows.length)!',
    'SETTLE.get(rows.length)!',
  ],
  'libs/auth/src/first-factor/throttle-statements.ts': [
    "Object.keys(columns).join(', ')",
    'listOf(count)',
    'rows',
    "rows.join('), (')",
  ],
  // The columns of an entity, and the account by one of two expressions of our own.
  'libs/auth/src/requirement/requirement.service.ts': ['account', 'columns', 'matching(account)', 'text'],
  // One of the class's own two statements.
  'libs/auth/src/sessions/statistics.service.ts': ['statement'],
  // Columns and parameters as the callers in the same lib name them.
  'libs/auth/src/sign-in/factor-reset.service.ts': ['principal'],
  'libs/auth/src/sign-in/sign-in-statements.ts': ['alias', 'device', 'now', 'signIn', 'signInEpoch'],
  // From the list of statements above it.
  'libs/auth/src/sign-in/sweeper.service.ts': ['statement'],
  'libs/identity/src/groups/group-closure.ts': ['groupsOfPerson(`${person}.id`)', 'person'],
  'libs/identity/src/groups/group-rows.ts': ['condition'],
  // SET of fixed columns, written beside its values.
  'libs/identity/src/settings/global-settings.service.ts': ['change'],
  // Our own tables that have tags.
  'libs/identity/src/tags/tag-occurrences.ts': [
    "Object.entries(TAGGED) .map( ([kind, table]) => `SELECT '${kind}' AS kind, unnest(tags) AS tag FROM ${table} WHERE tags ",
    'kind',
    'table',
  ],
  // Where statements go through; the text is its caller's.
  'libs/platform/src/database/database.ts': ['text'],
  'libs/platform/src/database/prepared-query.ts': ['Object.assign(query, { callback: settle })', 'query'],
  // Table and columns of an entity; the condition is its caller's, and looked at there.
  'libs/platform/src/database/entity-rows.ts': [
    'columnsOf(reader, entity)',
    'condition',
    'tablePath',
    'text',
  ],
  // Our own texts, with the numbers of their parameters moved, as often as there are questions.
  'libs/platform/src/database/gathering.ts': [
    "['asked', ...names].join(', ')",
    'ofSize.get(size)!',
    "sets.join(', ')",
    'text',
    "text.replaceAll(/\\$(\\d+)/g, 'question.v$1')",
  ],
  // Names of settings and of the database itself, from PostgreSQL as quoted identifiers; and the words of an error.
  'libs/platform/src/database/pooled-sessions.ts': [
    "[`SELECT pg_advisory_xact_lock(${ADVISORY_LOCKS.migration})`, ...settings].join('; ')",
    'name',
    'place',
    'reason',
    'wanted',
  ],
  'libs/platform/src/database/session-limits.ts': ['name'],
  'libs/platform/src/database/embedded/application-database.ts': ['name'],
  // Names of our tables and of the configured role, escaped as identifiers.
  'libs/platform/src/database/roles/apply-grants.ts': ["statement.replace('%', privileges.join(', '))"],
  'libs/platform/src/database/roles/grant-differences.ts': ['acl', 'from', 'here', 'kind', 'name', 'owner'],
  'libs/platform/src/database/roles/server-role.ts': [
    'pg.escapeIdentifier(database)',
    'pg.escapeIdentifier(schema)',
    'pg.escapeLiteral(mark)',
    'role',
    'secret',
    "there ? 'ALTER' : 'CREATE'",
  ],
  'libs/platform/src/database/schema-standing.ts': ["table.notes ? 'serves_from' : 'NULL AS serves_from'"],
  // Tables and columns of SEALED_COLUMNS.
  'libs/platform/src/keyring/key-inventory.service.ts': ['column', 'table'],
  'libs/platform/src/keyring/resealing.ts': [
    'at',
    'column',
    'ids',
    "lists.join(', ')",
    'name',
    "names.join(', ')",
    'oldRowsOf(column)',
    'same',
    'table',
    'writeTo(column)',
  ],
  // Of a ListSource, which is written in code; orders and filters are picked from its fields by name.
  'libs/platform/src/listing/list-rows.ts': [
    'matching',
    'matchingCount',
    'missing',
    'narrowing(source, queries, filterNames, offset + 4)',
    'offset + 1',
    'offset + 2',
    'order',
    'queries',
    "queries ? `matching AS (SELECT * FROM visible WHERE ${narrowing(source, queries, filterNames, offset + 4)}),` : ''",
    "source.count ?? 'SELECT count(*) FROM visible'",
    'source.select',
    'statement(source, values.length, wish, narrowed ? filterNames : null)',
    'text',
    'values',
  ],
  'libs/privileges/src/authority/exemption.service.ts': ['groupsOfPerson(person)', 'person'],
  // The table and the condition of a Collection, which is written in code.
  'libs/privileges/src/objects/object-rows.ts': ["collection.within ?? 'true'", 'lock'],
  'libs/privileges/src/objects/objects.service.ts': [
    "collection.within ?? 'true'",
    'repository.metadata.tableName',
  ],
  'libs/privileges/src/scoped-rows.ts': ['first', 'first + 1', 'first + 2', 'table'],
  // Which user, by one of two expressions of our own.
  'libs/privileges/src/standing.ts': ['user'],
  'libs/tokens/src/live-tokens.ts': ['adminEpoch', 'device', 'liveTokensOf(device, now, adminEpoch)', 'now'],
  // Which token, and the number of the parameter that is the present instant, as the statements name them.
  'libs/tokens/src/token-row.ts': [
    "live(`t.${key} = $1::${KEYS[key]}`, '$2::timestamptz')",
    'live(`t.id = ${id}`, now)',
    'more',
    'now',
    'which',
  ],
  'libs/tokens/src/token-sweeper.service.ts': ['statement'],
  'libs/tokens/src/token-revocation.service.ts': ['statement'],
  'libs/tokens/src/tokens.service.ts': ['statement'],
};
