import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import {
  canonicalName,
  type IdentityProvider,
  IdentityProvidersService,
  type LocalUser,
  LocalUsersService,
  type LocalUserValues,
  NewCredential,
} from '@sallyport/identity';
import { DomainError, type Transaction } from '@sallyport/platform';
import type { AdministrativePrivilege } from '../administrative-privilege.js';
import { ExemptionService } from '../authority/exemption.service.js';
import type { VaultAuthority } from '../authority/vault-authority.js';
import { VaultAuthorityService } from '../authority/vault-authority.service.js';
import { EffectivePrivilegesService } from '../effective-privileges.service.js';
import { mustCover } from '../escalation.js';
import { grants, isFullAdministrator } from '../grants.js';
import {
  type Change,
  type Collection,
  ObjectsService,
  type ObjectValues,
  type Writer,
} from '../objects/index.js';
import { LOCAL_USERS, valuesOf } from './local-user-collection.js';
import { isExempted } from './waiting-exemption.js';

/** A user as `/admin` writes it; `id` only where the client chose one. */
export interface LocalUserInput extends LocalUserValues {
  id?: string;
  password?: string;
}

/** Writes users of the provider `local` for `/admin`: a collection whose objects are persons that can sign in (contract appgate.md §5.1). */
@Injectable()
export class LocalUserAdministration {
  /** The user's account, person and tokens follow its row. */
  private readonly collection: Collection<LocalUser> = {
    ...LOCAL_USERS,
    mayChange: (change) => this.mustCoverBoth(change),
    store: {
      insert: (change, actor) => this.insert(change, actor),
      update: (change, actor) => this.update(change, actor),
      remove: ({ tx, before }, actor) => this.users.remove(tx, before, actor),
    },
  };

  constructor(
    private readonly objects: ObjectsService,
    private readonly providers: IdentityProvidersService,
    private readonly users: LocalUsersService,
    private readonly credential: NewCredential,
    private readonly effective: EffectivePrivilegesService,
    private readonly authorities: VaultAuthorityService,
    private readonly exemptions: ExemptionService,
  ) {}

  /**
   * A new user needs a password. An exemption that waits for the name counts only where the writer may exempt (S53).
   * @throws DomainError as `ObjectsService.create`; `invalid` on `name` and `password`; `unavailable` (hash queue).
   */
  async create({ password, ...values }: LocalUserInput, writer: Writer): Promise<LocalUser> {
    const provider = await this.providers.local();
    if (password === undefined) throw DomainError.invalid('password', 'may not be null');
    await this.credential.check(values.name, password, provider);
    const passwordHash = await this.credential.hashForNew(password, values.name, provider);
    return this.objects.create(this.collection, asObject({ ...values, passwordHash }, provider), writer);
  }

  /** Replaces a user whole; an absent password stays. @throws DomainError as `ObjectsService.replace`, and as `create`. */
  async replace(id: string, { password, ...values }: LocalUserInput, writer: Writer): Promise<LocalUser> {
    const provider = await this.providers.local();
    if (password !== undefined)
      await this.objects.mustMayReplace(
        this.collection,
        id,
        asObject({ ...values, passwordHash: '' }, provider),
        writer,
      );
    await this.credential.check(values.name, password, provider);
    if (password !== undefined) this.credential.mustBeSettable();
    const passwordHash =
      password === undefined ? undefined : await this.credential.hash(password, values.name, provider);
    return this.objects.replace(this.collection, id, asObject({ ...values, passwordHash }, provider), writer);
  }

  /** @throws DomainError as `ObjectsService.remove`. */
  async remove(id: string, writer: Writer): Promise<void> {
    await this.objects.remove(this.collection, id, writer);
  }

  /**
   * What a user may do, as it was and as it will be, is no more than the writer may (appgate.md §3.5; S48, S49). The same password
   * opens `/v1`: what the person holds there counts too, also of one who has been waiting under the new name.
   */
  private async mustCoverBoth({ tx, before, after, privileges, subject }: Change<LocalUser>): Promise<void> {
    if (after === null || isFullAdministrator(privileges)) return;
    const authority = await this.authorities.ofUser(tx, subject.localUserId);
    const held = [...privileges];
    for (const user of [before, after]) {
      if (user === null) continue;
      const might = await this.effective.mightHold(user, tx);
      // What is one's own in another sign-in is nobody else's.
      if (user === before && user.id === subject.localUserId) held.push(...might);
      mustCover(held, might);
      await this.authorities.mustReachLogin(tx, authority, user);
    }
    if (before !== null) await this.mustNotExempt(tx, authority, before, after);
  }

  /** A user who is renamed stays who they are: a login that a deleted one left behind under the new name leaves its person (S53). */
  private async mustNotExempt(
    tx: Transaction,
    authority: VaultAuthority,
    { accountId }: LocalUser,
    { identityProviderId, name }: LocalUser,
  ): Promise<void> {
    const [left] = await tx.query<{ fromId: string; toId: string }>(LEFT_BEHIND, [
      identityProviderId,
      canonicalName(name),
      accountId,
    ]);
    if (left !== undefined) await this.exemptions.mustAnswerForLogin(tx, authority, left.fromId, left.toId);
  }

  private async insert(
    { tx, after, privileges }: Change<LocalUser> & { after: LocalUser },
    actor: Actor,
  ): Promise<LocalUser> {
    const { id, identityProviderId, passwordHash } = after;
    const exemptionCounts = await this.exemptionCounts(tx, after.name, privileges);
    const row = { ...valuesOf(after), id, identityProviderId, passwordHash, exemptionCounts };
    return this.users.create(tx, row, actor);
  }

  private async update(
    { tx, before, after, changed, privileges }: Change<LocalUser> & { before: LocalUser; after: LocalUser },
    actor: Actor,
  ): Promise<LocalUser> {
    const replaced = await this.users.replace(tx, before, valuesOf(after), actor);
    if (after.name !== before.name)
      await tx.execute('UPDATE local_users SET exemption_counts = $2 WHERE id = $1', [
        before.id,
        await this.exemptionCounts(tx, after.name, privileges),
      ]);
    if (changed.includes('passwordHash'))
      await this.users.changePassword(tx, replaced, after.passwordHash, actor);
    return replaced;
  }

  private async exemptionCounts(
    tx: Transaction,
    name: string,
    privileges: AdministrativePrivilege[],
  ): Promise<boolean> {
    if (grants(privileges, 'Edit', 'GlobalSetting')) return true;
    return !(await isExempted(tx, await this.providers.local(tx), name));
  }
}

const LEFT_BEHIND = `
  SELECT l.principal_id AS "fromId", a.principal_id AS "toId" FROM accounts l, accounts a
  WHERE l.identity_provider_id = $1 AND l.name_canonical = $2 AND a.id = $3 AND l.id <> a.id
    AND NOT EXISTS (SELECT 1 FROM local_users u WHERE u.account_id = l.id)`;

/** What is left out follows from the rest. */
function asObject(
  values: LocalUserValues & { id?: string; passwordHash?: string },
  { id: identityProviderId }: IdentityProvider,
): ObjectValues<LocalUser> {
  return { ...values, identityProviderId } as ObjectValues<LocalUser>;
}
