import { DomainError } from '@sallyport/platform';
import type { UserStanding } from '@sallyport/privileges';
import type { CompletedFactor, Token } from '@sallyport/tokens';
import type { Enforcement } from '../requirement/requirement.service.js';
import type { SignIn } from './sign-in-rows.js';

/** What a token presented at `/admin` stands for (contract appgate.md §2.1). */
export interface AdminSession {
  /**
   * `partial`: an AdminClaims token of a sign-in in progress; `final`: an Administration token;
   * `foreign`: a token of `/v1`, taken as AdminClaims.
   */
  kind: 'partial' | 'final' | 'foreign';
  /** The sign-in or token a provisional seed belongs to (S59). */
  scopeId: string;
  principalId: string;
  accountId: string;
  localUserId: string;
  credentialVersion: number;
  username: string;
  providerName: string;
  deviceId: string;
  factors: CompletedFactor[];
  /** What is owed now and not proven; not empty: the token is pending. */
  missing: Enforcement[];
  /** The end of the session. */
  expiresAt: Date;
  connectTime: Date;
  clientAddress: string;
  /** Present for `partial`. */
  signIn: SignIn | null;
  /** Present for `final` and `foreign`. */
  token: Token | null;
  /** What decides the privileges of this request; present with `token`. */
  standing: UserStanding | null;
}

/**
 * A token whose uses are counted is worth none that counts nothing, as at `/v1` (S41).
 * @throws DomainError `forbidden` code `restricted-use`.
 */
export function mustBeTradable({ token }: AdminSession): void {
  if (token === null || token.usesLeft === null) return;
  throw new DomainError('forbidden', 'restricted-use', 'A token of limited use begins no session.');
}

/** Device id of a session that came from `/v1`. */
export const NO_DEVICE = '00000000-0000-0000-0000-000000000000';
