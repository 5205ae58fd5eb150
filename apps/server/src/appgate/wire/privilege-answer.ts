/** A privilege as the core keeps it; parts that were not given are absent. */
export interface KeptPrivilege {
  type: string;
  target: string;
  scope?: { all?: boolean; ids?: readonly string[]; tags?: readonly string[] } | null;
  defaultTags?: readonly string[] | null;
  functions?: readonly string[] | null;
}

/** A privilege on the wire, normalised by appgate.md §3.2. */
export interface PrivilegeAnswer {
  type: string;
  target: string;
  scope?: { all: boolean; ids: string[]; tags: string[] };
  defaultTags?: string[];
  functions?: string[];
}

/**
 * Writes one privilege for a caller of peer version 17 to 23. The Terraform provider fails on a scope beside functions,
 * on a `defaultTags` outside Create and on a missing scope anywhere else (appgate.md §3.2).
 */
export function privilegeAnswer(privilege: KeptPrivilege, version: number): PrivilegeAnswer {
  const { type, target, scope, defaultTags, functions } = privilege;
  if (type === 'AssignFunction') return { type, target, functions: functionsFor(version, functions ?? []) };
  const full = { all: scope?.all ?? false, ids: [...(scope?.ids ?? [])], tags: [...(scope?.tags ?? [])] };
  const given = type === 'Create' && defaultTags?.length ? { defaultTags: [...defaultTags] } : {};
  return { type, target, scope: full, ...given };
}

/** Generated clients reject a whole answer for one unknown function, so older ones get the names they know (§1.2). */
export function functionsFor(version: number, functions: readonly string[]): string[] {
  return functions
    .filter((name) => version > 22 || name !== 'Connection Broker')
    .map((name) => (version <= 21 && name === 'Metrics Aggregator' ? 'MetricsAggregator' : name));
}
