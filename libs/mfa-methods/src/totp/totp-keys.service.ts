import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { Account, IdentityFactsService, IdentityProvider, Principal } from '@sallyport/identity';
import { Config, Database, DomainError, type Transaction } from '@sallyport/platform';
import { unknownEntity, unknownMethod } from '../gone.js';
import type { MfaMethod } from '../mfa-method.entity.js';
import { MfaMethodsService } from '../mfa-methods.service.js';
import { renderTemplate } from './account-name.js';
import { keyUri } from './key-uri.js';
import { qrPng } from './qr-code.js';
import { totpConfigOf } from './totp-config.js';
import { type BegunSeed, type OwnProof, TotpEnrollmentsService } from './totp-enrollments.service.js';

/** A new key as `/v1` shows it, once: the otpauth URL and a PNG of it in base64 (`''` where the method wants none). */
export interface TotpKey {
  url: string;
  barcode: string;
}

/** Texts in a QR code end here. */
const LONGEST_LABEL = 255;

/** Makes keys for `/v1`'s generate and admin-generate (contract vault.md §5.4). */
@Injectable()
export class TotpKeysService {
  constructor(
    private readonly database: Database,
    private readonly methods: MfaMethodsService,
    private readonly enrollments: TotpEnrollmentsService,
    private readonly facts: IdentityFactsService,
    private readonly config: Config,
  ) {}

  /**
   * A bound key for a person.
   * @param own what the person has proven who makes it for oneself; null: an administrator makes it (S60).
   * @param mayAct as for `TotpEnrollmentsService.bindNew`.
   * @returns null where there is one already; then `methodName` is in the answer of the caller's choice.
   * @throws DomainError `invalid` codes, in this order, `unknown-method`, `unknown-entity`, `not-totp` (detail `type`), `set-by-another` (S58), and those of
   *   `TotpEnrollmentsService.bindNew`.
   */
  async generate(
    methodId: string,
    principalId: string,
    actor: Actor,
    own: OwnProof | null = null,
    mayAct?: (tx: Transaction) => Promise<void>,
  ): Promise<{ key: TotpKey | null; methodName: string }> {
    const method = await this.methods.find(methodId);
    if (method === null || !method.offeredAt.includes('vault')) throw unknownMethod(methodId);
    const principal = await this.database.manager.getRepository(Principal).findOneBy({ id: principalId });
    if (principal === null) throw unknownEntity();
    if (method.type !== 'totp')
      throw new DomainError('invalid', 'not-totp', `generate not available for MFA type "${method.type}"`, {
        type: method.type,
      });
    if (own === null && !this.config.secretsSetByOthers)
      throw new DomainError('invalid', 'set-by-another', 'authenticators are made by their owners only');
    const begun = await this.enrollments.bindNew(method, principalId, actor, own, mayAct);
    const methodName = method.name ?? '';
    if ('alreadySeeded' in begun) return { key: null, methodName };
    return { key: await this.show(method, principal, begun), methodName };
  }

  /**
   * A seed as its owner scans it: with the parameters frozen into it, whatever the method says by now.
   * @throws DomainError `invalid` code `unknown-entity`, where the person went meanwhile.
   */
  async keyFor(method: MfaMethod, principalId: string, seed: BegunSeed): Promise<TotpKey> {
    const principal = await this.database.manager.getRepository(Principal).findOneBy({ id: principalId });
    if (principal === null) throw unknownEntity();
    return this.show(method, principal, seed);
  }

  private async show(
    method: MfaMethod,
    principal: Principal,
    { secret, parameters }: BegunSeed,
  ): Promise<TotpKey> {
    const { issuer, qrSize, accountName } = totpConfigOf(method);
    const account = (await this.accountName(principal, accountName)).slice(0, LONGEST_LABEL);
    const url = keyUri({ ...parameters, issuer, account, secret });
    return { url, barcode: qrSize === 0 ? '' : qrPng(url, qrSize).toString('base64') };
  }

  /** The method's template if it resolves, else the user name on `userpass/`, else the entity's name, else its id. */
  private async accountName(principal: Principal, template: string): Promise<string> {
    const facts = template === '' ? null : await this.facts.of(principal.id);
    const rendered = facts && renderTemplate(template, facts);
    if (rendered !== null) return rendered;
    const accounts = await this.database.manager.getRepository(Account).findBy({ principalId: principal.id });
    const local = await this.database.manager
      .getRepository(IdentityProvider)
      .findOneBy({ type: 'LocalDatabase', builtIn: true });
    const user = accounts.find((account) => account.identityProviderId === local?.id);
    return user?.nameCanonical ?? principal.name ?? principal.id;
  }
}
