import type { ObjectChange } from './audit-change.js';

/** The catalogue: every kind of event there is (S73). */
export const AUDIT_ACTIONS = [
  'installation.made',
  'installation.restored',
  'schema.migrated',
  'key.rotation-begun',
  'key.rotated',
  'token.all-revoked',
  'sign-in.password-accepted',
  'sign-in.password-refused',
  'sign-in.password-throttled',
  'sign-in.factor-accepted',
  'sign-in.factor-refused',
  'sign-in.factor-throttled',
  'sign-in.factor-unanswered',
  'sign-in.finished',
  'sign-in.refused',
  'sign-in.exempted',
  'sign-in.logged-out',
  'token.issued',
  'token.renewed',
  'token.revoked',
  'token-role.created',
  'token-role.changed',
  'token-role.deleted',
  'account.created',
  'account.changed',
  'account.password-changed',
  'account.deleted',
  'enrollment.begun',
  'enrollment.bound',
  'enrollment.disabled',
  'enrollment.removed',
  'enrollment.restarted',
  'enrollment.reset-begun',
  'enrollment.replaced',
  'enrollment.window-reopened',
  'enrollment.renamed',
  'sessions.ended',
  'sign-in.proof-renewed',
  'activation.issued',
  'sign-in.suspicious',
  'method.created',
  'method.changed',
  'method.deleted',
  'enforcement.changed',
  'enforcement.deleted',
  'admin-mfa.changed',
  'mount.attached',
  'mount.detached',
  'mount.changed',
  'mount.moved',
  'account.unlocked',
  'account.password-stopped',
  'entity.created',
  'entity.changed',
  'entity.deleted',
  'entity.shown',
  'secret.unreadable',
  'entity-alias.created',
  'entity-alias.changed',
  'entity-alias.deleted',
  'entity.merged',
  'group.created',
  'group.changed',
  'group.deleted',
  'group-alias.created',
  'group-alias.changed',
  'group-alias.deleted',
  'policy.expression-failed',
  'acl-policy.created',
  'acl-policy.changed',
  'acl-policy.deleted',
  'access.denied',
  'settings.changed',
  'settings.reset',
  'device.removed',
  'device.tokens-revoked',
  'blacklist.added',
  'blacklist.removed',
  'preferences.changed',
  'tag.created',
  'tag.changed',
  'tag.deleted',
  'service-user.created',
  'service-user.changed',
  'service-user.deleted',
  'identity-provider.created',
  'identity-provider.changed',
  'identity-provider.deleted',
  'role.created',
  'role.changed',
  'role.deleted',
  'policy.created',
  'policy.changed',
  'policy.deleted',
  'criteria-script.created',
  'criteria-script.changed',
  'criteria-script.deleted',
  'user-script.created',
  'user-script.changed',
  'user-script.deleted',
  'script.failed',
  'admin-message.changed',
  'admin-message.deleted',
  'audit.read',
  'audit.exported',
  'audit.retained',
  'audit.resumed',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** Acts that leave an object other than it was: their events tell what it was and what it is, which the compiler sees to (S73). */
export type ChangingAction = Extract<
  AuditAction,
  | `${string}.${'created' | 'changed' | 'deleted' | 'attached' | 'detached' | 'moved' | 'merged' | 'shown'}`
  | `${'blacklist' | 'device' | 'enrollment'}.${'added' | 'removed' | 'renamed' | 'replaced' | 'begun' | 'reset-begun' | 'bound' | 'disabled'}`
  | 'account.unlocked'
  | 'settings.reset'
  | 'token.renewed'
>;

interface EventFacts {
  object: { type: string; id: string };
  /** Facts of the act; never a secret, and never anything that would open a door. `factors`: what was proven. */
  detail?: Record<string, unknown>;
}

type PlainAction = Exclude<AuditAction, ChangingAction>;

/** What came to nothing, and why. */
export interface AuditRefusal extends EventFacts {
  action: PlainAction;
  outcome: 'failure' | 'denied';
  detail: Record<string, unknown> & { reason: string };
}

/** Of the object as it was and as it is only what differs is kept, secrets as a mark (`keptChange`). */
export type AuditEvent =
  | (EventFacts & ObjectChange & { action: ChangingAction; outcome: 'success' })
  | (EventFacts & { action: PlainAction; outcome: 'success' })
  | AuditRefusal;
