/** The catalogue: every kind of event there is (S73). */
export const AUDIT_ACTIONS = [
  'installation.made',
  'sign-in.password-accepted',
  'sign-in.password-refused',
  'sign-in.password-throttled',
  'sign-in.factor-accepted',
  'sign-in.factor-refused',
  'sign-in.factor-throttled',
  'sign-in.finished',
  'sign-in.refused',
  'sign-in.exempted',
  'sign-in.logged-out',
  'token.issued',
  'token.renewed',
  'token.revoked',
  'account.created',
  'account.changed',
  'account.password-changed',
  'account.deleted',
  'enrollment.begun',
  'enrollment.bound',
  'enrollment.disabled',
  'enrollment.removed',
  'method.created',
  'method.changed',
  'method.deleted',
  'enforcement.changed',
  'enforcement.deleted',
  'admin-mfa.changed',
  'mount.attached',
  'mount.detached',
  'entity.created',
  'entity.changed',
  'entity.deleted',
  'entity-alias.created',
  'entity-alias.changed',
  'entity-alias.deleted',
  'policy.expression-failed',
  'access.denied',
] as const;

export type AuditAction = (typeof AUDIT_ACTIONS)[number];

export interface AuditEvent {
  action: AuditAction;
  outcome: 'success' | 'failure' | 'denied';
  object?: { type: string; id: string };
  /** Facts of the act; never a secret, and never anything that would open a door. */
  detail?: Record<string, unknown>;
}
