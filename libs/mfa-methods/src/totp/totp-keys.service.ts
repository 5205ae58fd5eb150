import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { Account, AuthMount, IdentityProvider, Principal } from '@sallyport/identity';
import { Database, DomainError } from '@sallyport/platform';
import { MfaMethodsService } from '../mfa-methods.service.js';
import { type AccountFacts, renderTemplate } from './account-name.js';
import { keyUri } from './key-uri.js';
import { qrPng } from './qr-code.js';
import { totpConfigOf } from './totp-config.js';
import { TotpEnrollmentsService } from './totp-enrollments.service.js';

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
  ) {}

  /**
   * A bound key for a person.
   * @returns null where there is one already; then `methodName` is in the answer of the caller's choice.
   * @throws DomainError `invalid` codes, in this order, `unknown-method`, `unknown-entity`, `not-totp` (detail `type`).
   */
  async generate(
    methodId: string,
    principalId: string,
    actor: Actor,
  ): Promise<{ key: TotpKey | null; methodName: string }> {
    const method = await this.methods.find(methodId);
    if (method === null || !method.offeredAt.includes('vault'))
      throw new DomainError(
        'invalid',
        'unknown-method',
        `configuration for method ID "${methodId}" does not exist`,
        { methodId },
      );
    const principal = await this.database.manager.getRepository(Principal).findOneBy({ id: principalId });
    if (principal === null) throw new DomainError('invalid', 'unknown-entity', 'invalid entity ID');
    if (method.type !== 'totp')
      throw new DomainError('invalid', 'not-totp', `generate not available for MFA type "${method.type}"`, {
        type: method.type,
      });
    const begun = await this.enrollments.bindNew(method, principalId, actor);
    const methodName = method.name ?? '';
    if ('alreadySeeded' in begun) return { key: null, methodName };
    const config = totpConfigOf(method);
    const account = (await this.accountName(principal, config.accountName)).slice(0, LONGEST_LABEL);
    const url = keyUri({ ...config, account, secret: begun.secret });
    const barcode = config.qrSize === 0 ? '' : qrPng(url, config.qrSize).toString('base64');
    return { key: { url, barcode }, methodName };
  }

  /** The method's template if it resolves, else the user name on `userpass/`, else the entity's name, else its id. */
  private async accountName(principal: Principal, template: string): Promise<string> {
    const accounts = await this.database.manager.getRepository(Account).findBy({ principalId: principal.id });
    const rendered =
      template === '' ? null : renderTemplate(template, await this.factsOf(principal, accounts));
    if (rendered !== null) return rendered;
    const local = await this.database.manager
      .getRepository(IdentityProvider)
      .findOneBy({ type: 'LocalDatabase', builtIn: true });
    const user = accounts.find((account) => account.identityProviderId === local?.id);
    return user?.nameCanonical ?? principal.name ?? principal.id;
  }

  private async factsOf(principal: Principal, accounts: Account[]): Promise<AccountFacts> {
    const mounts = await this.database.manager.getRepository(AuthMount).find();
    const aliases = accounts.flatMap((account) => {
      const mount = mounts.find((candidate) => candidate.identityProviderId === account.identityProviderId);
      const { id, nameCanonical: name, customMetadata } = account;
      return mount === undefined ? [] : [[mount.accessor, { id, name, customMetadata }] as const];
    });
    return { entity: principal, aliases: Object.fromEntries(aliases) };
  }
}
