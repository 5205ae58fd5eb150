import { Injectable } from '@nestjs/common';
import type { ClaimMapping } from '@sallyport/identity';
import { Database } from '@sallyport/platform';

export type ClaimType = 'boolean' | 'string' | 'number' | 'date' | 'list' | 'dictionary';

export interface ClaimName {
  claimName: string;
  type: ClaimType;
}

/** Which claims policy expressions can count on (contract appgate.md §6.3). */
@Injectable()
export class ClaimNamesService {
  constructor(private readonly database: Database) {}

  /** Those of all providers' mappings, each once, by name, then what the server adds; a name that is a list somewhere is a list. */
  async ofUsers(): Promise<ClaimName[]> {
    const rows = await this.database.query<{ mappings: ClaimMapping[] }>(
      `SELECT claim_mappings AS mappings FROM identity_providers WHERE type <> 'Userpass'`,
    );
    const types = new Map<string, ClaimType>();
    for (const { claimName, list } of rows.flatMap(({ mappings }) => mappings))
      if (list || !types.has(claimName)) types.set(claimName, list ? 'list' : 'string');
    types.set('ag', 'dictionary').set('agScripted', 'dictionary');
    return [...types]
      .map(([claimName, type]) => ({ claimName, type }))
      .sort((one, other) => (one.claimName < other.claimName ? -1 : 1));
  }
}
