import { Injectable } from '@nestjs/common';
import { canonicalName } from '@sallyport/identity';
import { Database, DomainError } from '@sallyport/platform';
import { type AdministrativePrivilege, grants, type ScopedObject } from '@sallyport/privileges';

/** A provider nobody has made: only who reaches everything reaches its users. */
const NOWHERE: ScopedObject = { id: '', tags: [] };

/** Objects of a user are in scope where the user's identity provider is (contract appgate.md §3.4). */
@Injectable()
export class ProviderScopeService {
  constructor(private readonly database: Database) {}

  /** What the scope of a user-bound object named by a DN is judged by. @param providerName in any spelling. */
  async of(providerName: string): Promise<ScopedObject> {
    const [row] = await this.database.query<{ id: string; tags: string[] }>(
      `SELECT id, tags FROM identity_providers WHERE name_canonical = $1 AND type <> 'Userpass'`,
      [canonicalName(providerName)],
    );
    return row ?? NOWHERE;
  }

  /**
   * Judges an act on an object by the OU of its DN, before anything of it is looked up (§1.3 g).
   * @throws DomainError `forbidden` where the act is out of scope; `not-found` where the caller may do, but not view.
   */
  async mustReach(
    providerName: string,
    type: string,
    target: string,
    privileges: AdministrativePrivilege[],
  ): Promise<ScopedObject> {
    const provider = await this.of(providerName);
    if (type !== 'View' && !grants(privileges, type, target, provider)) throw forbidden();
    if (!grants(privileges, 'View', target, provider)) throw notFound();
    return provider;
  }
}

export function forbidden(): DomainError {
  return new DomainError('forbidden', 'scope', `You don't have permission to access this resource.`);
}

export function notFound(): DomainError {
  return new DomainError('not-found', 'not-found', 'The requested resource was not found.');
}
