import { DomainError } from '@sallyport/platform';
import type { TokenRole } from '@sallyport/tokens';

/** What decides the policies of a new token; all names in canonical form. */
export interface PolicyRequest {
  wanted: readonly string[];
  noDefaultPolicy: boolean;
  /** Of the token itself: policies of its entity do not count. */
  parent: readonly string[];
  sudo: boolean;
  /** It has nothing of its parent's person, denials neither. */
  orphan: boolean;
  role: TokenRole | null;
}

/** The policies of a new token, and those of them that its creator must hold (S48). */
export interface GrantedPolicies {
  policies: string[];
  /**
   * None for a child with the very policies of its parent. Otherwise all but those the role names, whose writer held them: with fewer
   * policies a denial may be gone, so that a part of them allows more than the whole (S41).
   */
  judged: string[];
}

/**
 * The policies of a token to create, by upstream's rules (contract vault.md §9). `root` drops all others.
 * @throws DomainError `invalid` with the wire's texts.
 */
export function policiesOfNewToken(request: PolicyRequest): GrantedPolicies {
  const { role, parent, noDefaultPolicy, orphan } = request;
  const limiting = role !== null && limits(role);
  const granted = limiting ? byRole(request, role) : byParent(request);
  const policies = withoutDefault(granted, noDefaultPolicy || (limiting && role.noDefaultPolicy));
  if (policies.includes('root') && !parent.includes('root'))
    throw invalid('root-token', 'root tokens may not be created without parent token being root');
  if (!orphan && isSame(policies, parent)) return { policies, judged: [] };
  const vouched = new Set([...(limiting ? role.allowedPolicies : []), 'default']);
  return { policies, judged: policies.filter((policy) => !vouched.has(policy)) };
}

function isSame(ones: readonly string[], others: readonly string[]): boolean {
  return ones.length === others.length && ones.every((one) => others.includes(one));
}

function limits(role: TokenRole): boolean {
  const lists = [
    role.allowedPolicies,
    role.disallowedPolicies,
    role.allowedPoliciesGlob,
    role.disallowedPoliciesGlob,
  ];
  return lists.some((list) => list.length > 0);
}

function byParent({ wanted, parent, sudo, noDefaultPolicy, role }: PolicyRequest): string[] {
  if (wanted.length === 0) return [...parent];
  if (!sudo && !wanted.every((policy) => parent.includes(policy)))
    throw invalid('not-a-subset', 'child policies must be subset of parent');
  const addDefault = !noDefaultPolicy && !role?.noDefaultPolicy && (sudo || parent.includes('default'));
  return policyList(wanted, addDefault);
}

function byRole({ wanted, parent, noDefaultPolicy }: PolicyRequest, role: TokenRole): string[] {
  const addDefault =
    !noDefaultPolicy &&
    !role.noDefaultPolicy &&
    !named('default', role.disallowedPolicies, role.disallowedPoliciesGlob);
  const allowed = policyList(role.allowedPolicies, addDefault);
  const isLimited = role.allowedPolicies.length > 0 || role.allowedPoliciesGlob.length > 0;
  const final =
    wanted.length > 0 ? policyList(wanted, addDefault) : isLimited ? allowed : policyList(parent, addDefault);
  if (isLimited && !final.every((policy) => named(policy, allowed, role.allowedPoliciesGlob)))
    throw invalid(
      'not-allowed-by-role',
      `token policies (${quoted(final)}) must be subset of the role's allowed policies (${quoted(allowed)}) or glob policies (${quoted(role.allowedPoliciesGlob)})`,
    );
  const forbidden = final.find((policy) =>
    named(policy, role.disallowedPolicies, role.disallowedPoliciesGlob),
  );
  if (forbidden !== undefined)
    throw invalid(
      'disallowed-by-role',
      `token policy ${JSON.stringify(forbidden)} is disallowed by this role`,
    );
  return final;
}

function withoutDefault(policies: string[], leaveOut: boolean): string[] {
  return leaveOut ? policies.filter((policy) => policy !== 'default') : policies;
}

function policyList(names: readonly string[], addDefault: boolean): string[] {
  if (names.includes('root')) return ['root'];
  return [...new Set([...names, ...(addDefault ? ['default'] : [])])].toSorted();
}

function named(policy: string, names: readonly string[], globs: readonly string[]): boolean {
  return names.includes(policy) || globs.some((glob) => matchesGlob(glob, policy));
}

/** `*` stands for anything, at either end or within; without one the texts must be equal. */
export function matchesGlob(glob: string, text: string): boolean {
  const [head = '', ...rest] = glob.split('*');
  const tail = rest.pop();
  if (tail === undefined) return glob === text;
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false;
  const end = text.length - tail.length;
  let from = head.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

function quoted(names: readonly string[]): string {
  return `[${names.map((name) => JSON.stringify(name)).join(' ')}]`;
}

function invalid(code: string, text: string): DomainError {
  return new DomainError('invalid', code, text);
}
