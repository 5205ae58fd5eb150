import { Injectable } from '@nestjs/common';
import { type IdentityProvider, LocalUsersService } from '@sallyport/identity';
import { DomainError } from '@sallyport/platform';
import type { AdministrativePrivilege } from '../administrative-privilege.js';
import { grants } from '../grants.js';
import { ObjectsService, outOfScope } from '../objects/index.js';
import { attributesOf } from '../policies/user-claims.js';
import { IDENTITY_PROVIDERS } from './identity-provider-collection.js';

/** What a provider says of one of its users, for administrators who set up claims (contract appgate.md §5.3). */
@Injectable()
export class UserAttributesService {
  constructor(
    private readonly objects: ObjectsService,
    private readonly localUsers: LocalUsersService,
  ) {}

  /** @throws DomainError `not-found`; `forbidden` where the provider may be viewed, and not asked. */
  async mustReach(providerId: string, privileges: AdministrativePrivilege[]): Promise<IdentityProvider> {
    const provider = await this.objects.get(IDENTITY_PROVIDERS, providerId, privileges);
    if (!grants(privileges, 'GetUserAttributes', 'IdentityProvider', provider)) throw outOfScope();
    return provider;
  }

  /**
   * @returns the attributes as lists, and the claims they are mapped to as texts, lists joined with `,`.
   * @throws DomainError `invalid`: no name, no such user, or a provider nobody can sign in at here.
   */
  async of(
    provider: IdentityProvider,
    username: string | null,
  ): Promise<{ raw: Record<string, string[]>; mapped: Record<string, string> }> {
    if (provider.type !== 'LocalDatabase') throw DomainError.invalid('id', 'is not applicable');
    if (username === null) throw DomainError.invalid('username', 'may not be null');
    const user = await this.localUsers.findByName(provider.id, username);
    if (user === null) throw DomainError.invalid('username', 'does not exist');
    const raw = Object.fromEntries(
      Object.entries(attributesOf(user)).flatMap(([name, values]) =>
        values === undefined ? [] : [[name, values] as const],
      ),
    );
    const mapped = provider.claimMappings.flatMap(({ attributeName, claimName, list }) => {
      const values = Object.hasOwn(raw, attributeName) ? raw[attributeName]! : [];
      return values.length === 0 ? [] : [[claimName, list ? values.join(',') : values[0]!] as const];
    });
    return { raw, mapped: Object.fromEntries(mapped) };
  }
}
