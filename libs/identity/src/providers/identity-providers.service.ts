import { Injectable } from '@nestjs/common';
import { Database, DomainError, readEntity, type Transaction } from '@sallyport/platform';
import { IdentityProvider } from './identity-provider.entity.js';

/** Where first factors are proven. */
@Injectable()
export class IdentityProvidersService {
  constructor(private readonly database: Database) {}

  /** The built-in provider `local`, whose users both dialects share (vault.md §1.1). */
  async local(tx?: Transaction): Promise<IdentityProvider> {
    return this.builtIn('LocalDatabase', tx);
  }

  /** The built-in provider of service users, whose password rules they follow (appgate.md §5.2). */
  async service(tx?: Transaction): Promise<IdentityProvider> {
    return this.builtIn('ServiceDatabase', tx);
  }

  /** @param name exactly as it is spelled (appgate.md §2.3). */
  async findByExactName(name: string): Promise<IdentityProvider | null> {
    return readEntity(
      this.database.gathered,
      IdentityProvider,
      `o.name = $1::text AND o.type <> 'Userpass'`,
      [name],
    );
  }

  async find(id: string, tx?: Transaction): Promise<IdentityProvider | null> {
    return readEntity(tx ?? this.database.gathered, IdentityProvider, 'o.id = $1::uuid', [id]);
  }

  /** The providers that may sign in at `/admin` (appgate.md §2.2), by name. */
  async adminProviders(): Promise<IdentityProvider[]> {
    return this.repository().find({ where: { adminProvider: true }, order: { name: 'ASC' } });
  }

  private async builtIn(
    type: 'LocalDatabase' | 'ServiceDatabase',
    tx?: Transaction,
  ): Promise<IdentityProvider> {
    const provider = await this.repository(tx).findOneBy({ type, builtIn: true });
    if (provider === null)
      throw new DomainError('internal', 'no-built-in-provider', 'a built-in provider is missing');
    return provider;
  }

  private repository(tx?: Transaction) {
    return (tx ?? this.database).manager.getRepository(IdentityProvider);
  }
}
