import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  type MfaMethod,
  MfaMethodsService,
  type ProvenFactor,
  type ResetSubject,
  type TotpKey,
  TotpEnrollmentsService,
  TotpKeysService,
  unknownMethod,
  TotpResetsService,
} from '@sallyport/mfa-methods';
import { Database, DomainError } from '@sallyport/platform';
import { OtherTokensService, type Token } from '@sallyport/tokens';
import type { Enforcement } from '../requirement/requirement.service.js';
import {
  type CredentialFor,
  type MethodRefusal,
  releaseAll,
  SecondFactorService,
  type Unsatisfied,
} from '../second-factor/second-factor.service.js';
import { LostRace } from '../sign-in/finish.service.js';
import { SignInRows } from '../sign-in/sign-in-rows.js';

/** Who would replace which authenticator of their own. */
export interface OwnReset {
  token: Pick<Token, 'id' | 'principalId'>;
  methodId: string;
  actor: Actor;
}

/** What was to be proven first, and was not. */
export interface Unproven {
  principalId: string;
  unsatisfied: Unsatisfied;
}

/** Replaces one's own authenticator with fresh proof of the old one (contract vault.md §5.6). */
@Injectable()
export class SelfResetService {
  constructor(
    private readonly database: Database,
    private readonly methods: MfaMethodsService,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly resets: TotpResetsService,
    private readonly keys: TotpKeysService,
    private readonly secondFactor: SecondFactorService,
    private readonly tokens: OtherTokensService,
    private readonly rows: SignInRows,
  ) {}

  /**
   * A provisional key, for a code of the authenticator it will replace; that code is spent (S18). Password and token are no proof.
   * @throws DomainError `invalid`, in this order, codes `no-entity`, `unknown-method`, `not-totp`, `not-enrolled`.
   */
  async begin(
    reset: OwnReset,
    credentialFor: CredentialFor,
  ): Promise<{ key: TotpKey } | { unproven: Unproven }> {
    const subject = await this.subjectOf(reset);
    const { method, principalId, tokenId, actor } = subject;
    const present = await this.enrollments.find(method.id, principalId);
    if (present === null || present.boundAt === null)
      throw refuse('not-enrolled', `Entity has no secret for MFA method "${method.name ?? ''}"`);
    const asked = demandOf(method);
    const result = await this.secondFactor.prove([asked], credentialFor, {
      principalId,
      signInId: tokenId,
      actor,
    });
    if ('unsatisfied' in result) return { unproven: { principalId, unsatisfied: result.unsatisfied } };
    const sealed = await this.resets.prepare(subject);
    const row = await this.spend(result.proven, (tx) => this.resets.begin(tx, subject, sealed));
    if (row === null) return { unproven: refusedBy(subject, { reason: 'wrong' }) };
    return { key: await this.keys.keyFor(method, principalId, await this.resets.open(subject, row)) };
  }

  /**
   * The first right code of the new seed puts it in the old one's place; all other tokens of the person end, this one lives.
   * @returns null when done.
   * @throws DomainError as `begin`, and `invalid` code `no-reset` where none of this token is in progress.
   */
  async confirm(reset: OwnReset, passcode: string): Promise<Unproven | null> {
    const subject = await this.subjectOf(reset);
    const verdict = await this.resets.verify(subject, passcode);
    if ('refused' in verdict) return refusedBy(subject, verdict.refused);
    const done = await this.spend([verdict.proven], async (tx) => {
      await this.tokens.end(tx, subject.principalId, subject.tokenId);
      await this.rows.dropPartialTokens(tx, subject.principalId);
      return true;
    });
    return done === null ? refusedBy(subject, { reason: 'wrong' }) : null;
  }

  /** @returns null where somebody else was faster with the code. */
  private async spend<T>(
    proven: ProvenFactor[],
    work: (tx: Parameters<ProvenFactor['spend']>[0]) => Promise<T>,
  ): Promise<T | null> {
    try {
      return await this.database.transaction(async (tx) => {
        if ((await this.secondFactor.spend(tx, proven)) !== null) throw new LostRace();
        return work(tx);
      });
    } catch (error) {
      await releaseAll(proven);
      if (error instanceof LostRace) return null;
      throw error;
    }
  }

  private async subjectOf({ token, methodId, actor }: OwnReset): Promise<ResetSubject> {
    const { id: tokenId, principalId } = token;
    if (principalId === null) throw refuse('no-entity', 'missing entityID');
    const method = (await this.methods.listForVault()).find(({ id }) => id === methodId);
    if (method === undefined) throw unknownMethod(methodId);
    if (method.type !== 'totp')
      throw refuse('not-totp', `generate not available for MFA type "${method.type}"`);
    return { method, principalId, tokenId, actor };
  }
}

/** The factor that is replaced, as the one thing that is owed. */
function demandOf(method: MfaMethod): Enforcement {
  return { name: '', methods: [method], methodIds: [method.id] };
}

function refusedBy({ method, principalId }: ResetSubject, refusal: MethodRefusal['refusal']): Unproven {
  return { principalId, unsatisfied: { enforcement: demandOf(method), refusals: [{ method, refusal }] } };
}

function refuse(code: string, message: string): DomainError {
  return new DomainError('invalid', code, message);
}
