import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { FactorHistory } from '@sallyport/identity';
import {
  Database,
  type Listed,
  listRows,
  type ListSource,
  type ListWish,
  type Sql,
  type Transaction,
} from '@sallyport/platform';
import { FAILURE_CAP } from '../throttle/factor-waits.js';

/** A bound authenticator of a person, without its seed. */
export interface Authenticator {
  id: string;
  methodId: string;
  type: string;
  /** What its owner calls it; else what the method is called. */
  name: string;
  methodName: string;
  boundAt: Date;
  /** Null: no code of it was ever accepted. */
  verifiedAt: Date | null;
  lastUsedAt: Date | null;
  /** Stopped by failures until it is reset (S20); it then proves nothing. */
  disabled: boolean;
}

interface AuthenticatorRow {
  id: string;
  method_id: string;
  type: string;
  name: string;
  method_name: string;
  bound_at: Date;
  verified_at: Date | null;
  last_used_at: Date | null;
  disabled: boolean;
}

/** The authenticators people have bound, for their owners and for administrators. No seed ever leaves it (S59). */
@Injectable()
export class AuthenticatorsService {
  constructor(
    private readonly database: Database,
    private readonly history: FactorHistory,
    private readonly audit: AuditService,
  ) {}

  /** One page of a person's bound authenticators. */
  async list(principalId: string, wish: ListWish): Promise<Listed<Authenticator>> {
    const listed = await listRows<AuthenticatorRow>(this.database, BOUND, [principalId], wish);
    return { ...listed, rows: listed.rows.map(authenticatorOf) };
  }

  /** All of them; in a transaction as they are in it. */
  async of(principalId: string, sql: Sql = this.database): Promise<Authenticator[]> {
    const rows = await sql.query<AuthenticatorRow>(`${BOUND_OF} ORDER BY e.bound_at, e.id`, [principalId]);
    return rows.map(authenticatorOf);
  }

  /** Null where this person has none of this id. */
  async find(principalId: string, id: string, sql: Sql = this.database): Promise<Authenticator | null> {
    return (await this.of(principalId, sql)).find((authenticator) => authenticator.id === id) ?? null;
  }

  /** What its owner calls it from now on. */
  async rename(
    tx: Transaction,
    principalId: string,
    { id, type, methodId, methodName, name: before }: Authenticator,
    name: string,
    actor: Actor,
  ): Promise<void> {
    await tx.execute('UPDATE totp_enrollments SET label = $2 WHERE id = $1', [id, name]);
    await this.audit.record(tx, actor, {
      action: 'enrollment.renamed',
      outcome: 'success',
      object: { type: 'principal', id: principalId },
      detail: { methodId, name },
      before: { name: before },
      after: { name },
    });
    await this.history.record(tx, actor, {
      kind: 'change',
      principalId,
      factor: { type, methodId, methodName },
      reason: 'renamed by its owner',
    });
  }
}

function authenticatorOf(row: AuthenticatorRow): Authenticator {
  return {
    id: row.id,
    methodId: row.method_id,
    type: row.type,
    name: row.name,
    methodName: row.method_name,
    boundAt: row.bound_at,
    verifiedAt: row.verified_at,
    lastUsedAt: row.last_used_at,
    disabled: row.disabled,
  };
}

const BOUND_OF = `
  SELECT e.id, e.method_id, m.type, coalesce(e.label, m.name, m.provider_name, m.type) AS name,
    coalesce(m.name, m.provider_name, m.type) AS method_name, e.bound_at, e.verified_at, e.last_used_at,
    e.disabled_at IS NOT NULL OR coalesce(t.failures, 0) >= ${FAILURE_CAP} AS disabled
  FROM totp_enrollments e JOIN mfa_methods m ON m.id = e.method_id
  LEFT JOIN factor_throttles t ON t.principal_id = e.principal_id AND t.method_id = e.method_id
  WHERE e.principal_id = $1 AND e.bound_at IS NOT NULL`;

const BOUND: ListSource = {
  select: BOUND_OF,
  key: 'id',
  search: ['lower(name)'],
  fold: (text) => text.toLowerCase(),
  exactFirst: 'name',
  fields: {
    name: { order: 'lower(name)', required: true, filter: 'name' },
    type: { order: 'type', required: true, filter: 'type' },
    created: { order: 'bound_at', required: true },
    lastUsed: { order: 'last_used_at' },
  },
};
