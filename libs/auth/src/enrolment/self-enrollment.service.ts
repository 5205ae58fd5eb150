import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  EnrolmentWindowService,
  FAILURE_CAP,
  type MfaMethod,
  MfaMethodsService,
  totpConfigOf,
  TotpEnrollmentsService,
  type TotpKey,
  TotpKeysService,
  unknownMethod,
} from '@sallyport/mfa-methods';
import { Database, DomainError } from '@sallyport/platform';
import { type Enforcement, RequirementService } from '../requirement/requirement.service.js';
import { invalidRequest } from '../sign-in/service-finish.service.js';
import { SignInRows } from '../sign-in/sign-in-rows.js';

/** What is known of a person's factors when somebody would enrol. */
interface Standing {
  /** Methods with a bound seed, or one that failures have stopped: these cannot be enrolled anew (S20). */
  seeded: ReadonlySet<string>;
  /** Methods whose bound seed works. */
  working: ReadonlySet<string>;
  /** Whether there is any bound seed, working or stopped. */
  any: boolean;
  windowOpen: boolean;
}

/** A first authenticator for who owes one and has none: the pending login is the authority (contract vault.md §5.5). */
@Injectable()
export class SelfEnrollmentService {
  constructor(
    private readonly database: Database,
    private readonly rows: SignInRows,
    private readonly requirement: RequirementService,
    private readonly methods: MfaMethodsService,
    private readonly window: EnrolmentWindowService,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly keys: TotpKeysService,
  ) {}

  /**
   * A provisional key for a pending login; the same again for the same login. The next right code of that login binds it (S59).
   * @throws DomainError `invalid`, in this order, codes `invalid-request-id`, `unknown-method`, `method-not-owed`, `not-totp`,
   *   `self-enrollment-off`, `enrolment-closed`, `already-enrolled`; `forbidden` code `disabled`.
   */
  async enroll(requestId: string, methodId: string, actor: Actor): Promise<TotpKey> {
    const found = await this.rows.find(requestId, 'vault');
    if (found?.disabled) throw new DomainError('forbidden', 'disabled', 'permission denied');
    if (found === null || found.outdated) throw invalidRequest();
    const { id: signInId, principalId, accountId } = found.signIn;
    const { owed } = await this.requirement.of(accountId);
    const method = await this.owedMethod(methodId, owed);
    const standing = await this.standingOf(principalId);
    const refusal = refusalOf(method, owed, standing);
    if (refusal !== null) throw refusal;
    const who = { ...actor, principalId, accountId };
    const proof = { provenMethodIds: [...standing.working] };
    try {
      const begun = await this.enrollments.beginFor(method, principalId, signInId, who, proof);
      if ('alreadySeeded' in begun) throw alreadyEnrolled(method);
      return await this.keys.keyFor(method, principalId, begun);
    } catch (error) {
      throw error instanceof DomainError && error.code === 'unknown-entity' ? invalidRequest() : error;
    }
  }

  /** The owed methods for which this person may enrol by the pending login (contract vault.md §3.2). */
  async openTo(principalId: string, owed: Enforcement[]): Promise<Set<string>> {
    const candidates = owed.flatMap(({ methods }) => methods).filter(mayEnrolOneself);
    if (candidates.length === 0) return new Set();
    const standing = await this.standingOf(principalId);
    const open = candidates.filter((method) => refusalOf(method, owed, standing) === null);
    return new Set(open.map(({ id }) => id));
  }

  private async owedMethod(methodId: string, owed: Enforcement[]): Promise<MfaMethod> {
    const method = owed.flatMap(({ methods }) => methods).find(({ id }) => id === methodId);
    if (method?.offeredAt.includes('vault')) return method;
    const known = (await this.methods.listForVault()).some(({ id }) => id === methodId);
    throw known
      ? refuse('method-not-owed', 'method ID is not part of the login MFA request')
      : unknownMethod(methodId);
  }

  private async standingOf(principalId: string): Promise<Standing> {
    const stopped = await this.database.query<{ method_id: string }>(
      `SELECT method_id FROM totp_enrollments WHERE principal_id = $1 AND disabled_at IS NOT NULL
       UNION SELECT method_id FROM factor_throttles WHERE principal_id = $1 AND failures >= $2`,
      [principalId, FAILURE_CAP],
    );
    const bound = await this.window.boundMethods(principalId);
    const working = bound.filter(({ disabled }) => !disabled);
    return {
      seeded: new Set([...stopped.map((row) => row.method_id), ...bound.map(({ methodId }) => methodId)]),
      working: new Set(working.map(({ methodId }) => methodId)),
      any: bound.length > 0,
      windowOpen: await this.window.isOpen(principalId),
    };
  }
}

function mayEnrolOneself(method: MfaMethod): boolean {
  return method.type === 'totp' && totpConfigOf(method).enableSelfEnrollment;
}

/** Why this person may not enrol for an owed method, or null (contract vault.md §5.5, in its order). */
function refusalOf(method: MfaMethod, owed: Enforcement[], standing: Standing): DomainError | null {
  if (method.type !== 'totp')
    return refuse('not-totp', `generate not available for MFA type "${method.type}"`);
  if (!mayEnrolOneself(method))
    return refuse('self-enrollment-off', 'self-enrollment is not enabled for this method');
  if (!standing.windowOpen) return closed();
  if (standing.seeded.has(method.id)) return alreadyEnrolled(method);
  // Whoever has a factor adds another only where this login demands one they have (S60); a stopped one opens nothing (S20).
  if (standing.any && !demandsOneOf(standing.working, owed, method)) return closed();
  return null;
}

function demandsOneOf(working: ReadonlySet<string>, owed: Enforcement[], method: MfaMethod): boolean {
  return owed.some(
    ({ methodIds }) => !methodIds.includes(method.id) && methodIds.some((id) => working.has(id)),
  );
}

function alreadyEnrolled({ name }: MfaMethod): DomainError {
  return refuse('already-enrolled', `Entity already has a secret for MFA method "${name ?? ''}"`);
}

function closed(): DomainError {
  return refuse('enrolment-closed', 'self-enrollment is closed for this entity');
}

function refuse(code: string, message: string): DomainError {
  return new DomainError('invalid', code, message);
}
