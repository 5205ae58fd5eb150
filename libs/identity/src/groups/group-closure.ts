/**
 * The groups a person is in, directly or by way of another group, as a query of one column `group_id`, each once, for the FROM of a
 * statement. It looks into indexes, once for each group: OFFSET keeps the planner, who expects many, from reading whole tables. UNION ends it even
 * where a cycle stood.
 * @param person an expression of the statement around it, such as `p.id` or `$1::uuid`.
 */
export function groupsOfPerson(person: string): string {
  return `(
    WITH RECURSIVE membership AS (
      SELECT ge.group_id FROM identity_group_entities ge WHERE ge.principal_id = ${person}
      UNION SELECT parent.group_id FROM membership CROSS JOIN LATERAL (
        SELECT gg.group_id FROM identity_group_groups gg WHERE gg.member_group_id = membership.group_id OFFSET 0) parent
    )
    SELECT group_id FROM membership)`;
}

/**
 * The ACL policies a person has by being that person: their own and those of their groups, as an expression of type text[], sorted,
 * each once (vault.md §12: as of the request).
 * @param person alias of a row of `principals`, possibly of nulls.
 */
export function identityPoliciesOf(person: string): string {
  return `ARRAY(
    SELECT unnest(${person}.policies)
    UNION SELECT unnest(g.policies) FROM ${groupsOfPerson(`${person}.id`)} held
      CROSS JOIN LATERAL (SELECT policies FROM identity_groups WHERE id = held.group_id OFFSET 0) g
    ORDER BY 1)`;
}
