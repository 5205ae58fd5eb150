import type { Sql } from '@sallyport/platform';

/** How often a tag is used, by what carries it. */
export interface Occurrences {
  /** Objects that carry it: `localUser`, `policy` … */
  tagged: Record<string, number>;
  /** Privileges that name it: `administrativeRolePrivilegeLink`. */
  linked: Record<string, number>;
}

/** Where tags are, by the word the wire has for it. */
const TAGGED: Record<string, string> = {
  administrativeRole: 'administrative_roles',
  criteriaScript: 'criteria_scripts',
  identityProvider: 'identity_providers',
  localUser: 'local_users',
  mfaProvider: 'mfa_methods',
  policy: 'policies',
  serviceUser: 'service_users',
  userClaimScript: 'user_scripts',
};

/** The fixed pools carry the tag of built-in objects (contract appgate.md §9). */
const FIXED_POOLS = `SELECT 'ipPool' AS kind, 'builtin' AS tag FROM generate_series(1, 2)`;

/** Uses of each of these tags, by name; one that is not used has empty maps. */
export async function occurrencesOf(sql: Sql, names: string[]): Promise<Map<string, Occurrences>> {
  const counted = new Map<string, Occurrences>(names.map((name) => [name, { tagged: {}, linked: {} }]));
  const rows = await sql.query<{ tag: string; kind: string; linked: boolean; times: number }>(OCCURRENCES, [
    names,
  ]);
  for (const { tag, kind, linked, times } of rows)
    counted.get(tag)![linked ? 'linked' : 'tagged'][kind] = times;
  return counted;
}

const OCCURRENCES = `
  SELECT tag, kind, false AS linked, count(*)::integer AS times FROM (
    ${Object.entries(TAGGED)
      .map(
        ([kind, table]) =>
          `SELECT '${kind}' AS kind, unnest(tags) AS tag FROM ${table} WHERE tags && $1::text[]`,
      )
      .join(' UNION ALL ')}
    UNION ALL ${FIXED_POOLS}
  ) AS used WHERE tag = ANY($1::text[]) GROUP BY tag, kind
  UNION ALL
  SELECT tag, 'administrativeRolePrivilegeLink', true, count(*)::integer
  FROM unnest($1::text[]) AS tag, administrative_roles role, jsonb_array_elements(role.privileges) AS privilege
  WHERE privilege->'scope'->'tags' ? tag OR privilege->'defaultTags' ? tag GROUP BY tag
  ORDER BY tag, kind`;
