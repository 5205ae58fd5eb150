/** What a policy may allow on a path (vault.md §12). */
export type AclCapability = 'create' | 'read' | 'update' | 'delete' | 'list' | 'sudo';

/** Whose request is judged: effective policies (token ∪ entity ∪ groups), and the entity they are resolved for. */
export interface AclSubject {
  policies: readonly string[];
  /** Null for the root token and others without a person. */
  entityId: string | null;
  entityName: string | null;
}

/** One path of a policy's text, `{{…}}` templates included. */
interface AclRule {
  path: string;
  capabilities: readonly AclCapability[];
}

/** The text of the policy `default` (§12), as far as the paths exist. */
const DEFAULT_POLICY: readonly AclRule[] = [
  { path: 'auth/token/lookup-self', capabilities: ['read'] },
  { path: 'auth/token/renew-self', capabilities: ['update'] },
  { path: 'auth/token/revoke-self', capabilities: ['update'] },
  { path: 'identity/entity/id/{{identity.entity.id}}', capabilities: ['read'] },
  { path: 'identity/entity/name/{{identity.entity.name}}', capabilities: ['read'] },
];

/** Whoever is a person may make an authenticator of their own, whatever their policies say. */
const OWN_AUTHENTICATOR: AclRule = { path: 'identity/mfa/method/totp/generate', capabilities: ['update'] };

/**
 * Whether the subject's policies give every one of `capabilities` on `path` (no leading slash; a list path ends in `/`).
 * `root` gives everything, a policy nobody knows gives nothing, and so does a path no rule names (vault.md §12).
 */
export function aclAllows(
  subject: AclSubject,
  capabilities: readonly AclCapability[],
  path: string,
): boolean {
  if (subject.policies.includes('root')) return true;
  const granted = new Set(
    rulesOf(subject).flatMap((rule) => (covers(rule, subject, path) ? rule.capabilities : [])),
  );
  return capabilities.length > 0 && capabilities.every((capability) => granted.has(capability));
}

function rulesOf({ policies, entityId }: AclSubject): readonly AclRule[] {
  const rules = policies.includes('default') ? DEFAULT_POLICY : [];
  return entityId === null ? rules : [...rules, OWN_AUTHENTICATOR];
}

function covers(rule: AclRule, subject: AclSubject, path: string): boolean {
  return resolve(rule.path, subject) === path;
}

/** The path with its template filled in; null where that is not possible, which grants nothing (§12). */
function resolve(template: string, { entityId, entityName }: AclSubject): string | null {
  const values: Record<string, string | null> = {
    '{{identity.entity.id}}': entityId,
    '{{identity.entity.name}}': entityName,
  };
  const placeholder = /\{\{.*?\}\}/.exec(template)?.[0];
  if (placeholder === undefined) return template;
  const value = values[placeholder] ?? '';
  return value === '' || /[*+/]/.test(value) ? null : template.replace(placeholder, () => value);
}
