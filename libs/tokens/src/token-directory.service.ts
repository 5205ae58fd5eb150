import { Injectable } from '@nestjs/common';
import { Clock, Database, type Listed, listRows, type ListSource, type ListWish } from '@sallyport/platform';
import { assuranceLevelOf, type AssuranceLevel } from './assurance-level.js';
import { selectLive } from './token-row.js';
import type { CompletedFactor, TokenOrigin } from './token.js';

/** A live full token as its owner and administrators see it: by its accessor, never the token or its hash (S39). */
export interface HeldToken {
  accessor: string;
  origin: TokenOrigin;
  deviceId: string | null;
  clientAddress: string;
  issuedAt: Date;
  lastUsedAt: Date;
  /** Null: never. */
  expiresAt: Date | null;
  factors: CompletedFactor[];
  assuranceLevel: AssuranceLevel;
}

/** Whose tokens. */
export interface TokenOwner {
  principalId: string;
  /** Only those earned by this login of the person; null: by any. */
  accountId: string | null;
}

interface HeldRow {
  accessor: string;
  origin: TokenOrigin;
  device_id: string | null;
  client_address: string;
  issued_at: Date;
  last_used_at: Date;
  expires_at: Date | null;
  factors: CompletedFactor[];
}

/** Lists the live full tokens of a person, of both dialects (S39). */
@Injectable()
export class TokenDirectoryService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
  ) {}

  async list({ principalId, accountId }: TokenOwner, wish: ListWish): Promise<Listed<HeldToken>> {
    const values = [principalId, this.clock.now(), accountId];
    const listed = await listRows<HeldRow>(this.database, HELD, values, wish);
    return { ...listed, rows: listed.rows.map(heldToken) };
  }
}

function heldToken(row: HeldRow): HeldToken {
  return {
    accessor: row.accessor,
    origin: row.origin,
    deviceId: row.device_id,
    clientAddress: row.client_address,
    issuedAt: row.issued_at,
    lastUsedAt: row.last_used_at,
    expiresAt: row.expires_at,
    factors: row.factors,
    assuranceLevel: assuranceLevelOf(row.factors),
  };
}

const HELD: ListSource = {
  select: `
    SELECT accessor, origin, device_id, client_address, issued_at, last_used_at, expires_at, factors
    FROM (${selectLive('principal_id')}) live
    WHERE NOT principal_disabled AND ($3::uuid IS NULL OR account_id = $3)`,
  key: 'accessor',
  search: ['client_address'],
  fold: (text) => text.toLowerCase(),
  fields: {
    accessor: { order: 'accessor', required: true, filter: 'accessor' },
    clientAddress: { order: 'client_address', required: true, filter: 'client_address' },
    issued: { order: 'issued_at', required: true },
    lastUsed: { order: 'last_used_at', required: true },
    expires: { order: 'expires_at' },
  },
};
