import { DomainError, type Violation } from '@sallyport/platform';
import type { AdministrativePrivilege, PrivilegeScope } from '../administrative-privilege.js';
import { pairOf, TYPE_TARGET_MAP } from '../matrix/type-target-map.js';

/** In the order of contract appgate.md §3.1. */
export const PRIVILEGE_TYPES: readonly string[] = Object.keys(TYPE_TARGET_MAP);
export const PRIVILEGE_TARGETS: readonly string[] = (TYPE_TARGET_MAP['All'] ?? []).map(({ name }) => name);

export const APPLIANCE_FUNCTIONS: readonly string[] = [
  'Controller',
  'Gateway',
  'LogServer',
  'LogForwarder',
  'Connector',
  'Portal',
  'Metrics Aggregator',
  'Connection Broker',
];

/** A privilege as a caller writes it; parts not given are absent. */
export interface PrivilegeInput {
  type: string;
  target: string;
  scope?: Partial<PrivilegeScope>;
  defaultTags?: string[];
  functions?: string[];
}

/**
 * Privileges as they are kept: functions in their one spelling, parts that do not apply and say nothing dropped (§3.1, §3.2).
 * @throws DomainError `invalid`, one violation for each part that is not valid.
 */
export function validPrivileges(inputs: PrivilegeInput[]): AdministrativePrivilege[] {
  const violations = inputs.flatMap((input, index) =>
    problemsOf(input).map(({ field, message }) => ({ field: `privileges[${index}].${field}`, message })),
  );
  if (violations.length > 0)
    throw new DomainError('invalid', 'invalid', 'The request is not valid.', { violations });
  return inputs.map(kept);
}

function problemsOf({ type, target, scope, defaultTags, functions }: PrivilegeInput): Violation[] {
  const pair = pairOf(type, target);
  if (pair === undefined) return [{ field: 'target', message: 'is not valid for this type' }];
  const problems: Violation[] = [];
  const notApplicable = (field: string) => void problems.push({ field, message: 'is not applicable' });
  const takesScope = pair.scopable || pair.scopableByIdp;
  if (!takesScope && !isNeutral(scope) && !isEverything(type, target, scope)) notApplicable('scope');
  if (defaultTags?.length && !takesDefaultTags(type, pair.scopable)) notApplicable('defaultTags');
  if (functions?.length && type !== 'AssignFunction') notApplicable('functions');
  if (type === 'AssignFunction') problems.push(...unknownFunctions(functions ?? []));
  return problems;
}

function unknownFunctions(functions: string[]): Violation[] {
  const message = `must be one of [${APPLIANCE_FUNCTIONS.join(', ')}]`;
  return functions.flatMap((name, index) =>
    spelled(name) === undefined ? [{ field: `functions[${index}]`, message }] : [],
  );
}

/** The caller's spelling does not count, nor does the blank: older clients write `MetricsAggregator`. */
function spelled(name: string): string | undefined {
  const bare = (text: string) => text.replaceAll(' ', '').toLowerCase();
  return APPLIANCE_FUNCTIONS.find((known) => bare(known) === bare(name));
}

/** All and the configuration objects, which are those a Create can be scoped on (§3.1, §3.3). */
function takesDefaultTags(type: string, scopable: boolean): boolean {
  return type === 'Create' && scopable;
}

function isNeutral(scope?: Partial<PrivilegeScope>): boolean {
  return !scope?.all && !scope?.ids?.length && !scope?.tags?.length;
}

function isEverything(type: string, target: string, scope?: Partial<PrivilegeScope>): boolean {
  return type === 'All' && target === 'All' && !scope?.ids?.length && !scope?.tags?.length;
}

function kept({ type, target, scope, defaultTags, functions }: PrivilegeInput): AdministrativePrivilege {
  if (type === 'AssignFunction')
    return { type, target, functions: (functions ?? []).map((name) => spelled(name) ?? name) };
  const whole = { all: scope?.all ?? false, ids: scope?.ids ?? [], tags: scope?.tags ?? [] };
  return { type, target, scope: whole, ...(defaultTags?.length && { defaultTags }) };
}
