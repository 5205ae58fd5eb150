import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { canonicalName, parseUserDn, userDn, type UserName } from '@sallyport/identity';
import { Database, DomainError, single, type Transaction, type Violation } from '@sallyport/platform';
import { MfaMethodsService } from '../mfa-methods.service.js';

/** Which method every administrator owes, and who is exempt (contract appgate.md §4.2). */
export interface AdminMfaSettings {
  /** Null: admin MFA is off. */
  providerId: string | null;
  /** User DNs, the names in the spelling and all in the order they were given. */
  exemptedUsers: string[];
}

interface ExemptionRow {
  provider_canonical: string;
  username_canonical: string;
  distinguished_name: string;
  position: number;
}

@Injectable()
export class AdminMfaSettingsService {
  constructor(
    private readonly database: Database,
    private readonly methods: MfaMethodsService,
    private readonly audit: AuditService,
  ) {}

  async get(): Promise<AdminMfaSettings> {
    const [row] = await this.database.query<{ provider_id: string | null; exempted: string[] }>(
      `SELECT provider_id, coalesce((SELECT array_agg(distinguished_name ORDER BY position) FROM mfa_exemptions), '{}') AS exempted
       FROM admin_mfa_settings`,
    );
    return { providerId: row?.provider_id ?? null, exemptedUsers: row?.exempted ?? [] };
  }

  /**
   * Replaces the settings; they count from the next request on, for tokens that exist too.
   * Exemptions are kept by canonical name (S53); the same name twice is one, in its first spelling.
   * @throws DomainError `invalid`: unknown or unusable provider, not a distinguished name.
   */
  async replace({ providerId, exemptedUsers }: AdminMfaSettings, actor: Actor): Promise<void> {
    await this.database.transaction(async (tx) => {
      await this.check(tx, { providerId, exemptedUsers });
      const old = single(
        await tx.query<{ provider_id: string | null }>(
          `UPDATE admin_mfa_settings SET provider_id = $1 FROM (SELECT provider_id FROM admin_mfa_settings FOR UPDATE) old
           RETURNING old.provider_id`,
          [providerId],
        ),
      );
      const exempted = await tx.query<ExemptionRow>(
        'DELETE FROM mfa_exemptions RETURNING provider_canonical, username_canonical, distinguished_name, position',
      );
      const known = new Set(
        exempted.map((row) => JSON.stringify([row.provider_canonical, row.username_canonical])),
      );
      const names = exemptedUsers.flatMap((dn) => parseUserDn(dn) ?? []);
      for (const [position, name] of names.entries()) await this.exempt(tx, name, position, known);
      const after = { providerId, exemptedUsers: names.map(dnOf) };
      await this.audit.record(tx, actor, {
        action: 'admin-mfa.changed',
        outcome: 'success',
        object: { type: 'admin-mfa-settings', id: 'admin-mfa-settings' },
        detail: after,
        before: { providerId: old.provider_id, exemptedUsers: namesOf(exempted) },
        after,
      });
    });
  }

  private async check(tx: Transaction, { providerId, exemptedUsers }: AdminMfaSettings): Promise<void> {
    const violations: Violation[] = [];
    if (providerId !== null) {
      // Whoever deletes it meanwhile waits, and then finds it in use.
      await tx.execute('SELECT 1 FROM mfa_methods WHERE id = $1 FOR KEY SHARE', [providerId]);
      const method = await this.methods.find(providerId, tx);
      if (method === null || !method.offeredAt.includes('appgate'))
        violations.push({ field: 'providerId', message: 'does not exist' });
      else if (method.type === 'fido2')
        violations.push({ field: 'providerId', message: 'is not applicable' });
    }
    exemptedUsers.forEach((dn, index) => {
      if (parseUserDn(dn) === null)
        violations.push({ field: `exemptedUsers[${index}]`, message: 'must be a distinguished name' });
    });
    if (violations.length > 0)
      throw new DomainError('invalid', 'invalid', 'The request is not valid.', { violations });
  }

  /** A newly listed name exempts the user who has it now: whoever lists it may exempt. */
  private async exempt(tx: Transaction, name: UserName, position: number, known: Set<string>): Promise<void> {
    const provider = canonicalName(name.providerName);
    const username = canonicalName(name.username);
    await tx.execute(
      `INSERT INTO mfa_exemptions (provider_canonical, username_canonical, distinguished_name, position)
       VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
      [provider, username, dnOf(name), position],
    );
    if (known.has(JSON.stringify([provider, username]))) return;
    await tx.execute(
      `UPDATE local_users u SET exemption_counts = true FROM identity_providers p
       WHERE p.id = u.identity_provider_id AND p.name_canonical = $1 AND p.type <> 'Userpass' AND u.name_canonical = $2`,
      [provider, username],
    );
  }
}

/** With `CN` and `OU` in upper case, whatever they were read as (§1.6). */
function dnOf({ username, providerName }: UserName): string {
  return userDn(username, providerName);
}

/** In the order they were given. */
function namesOf(exempted: ExemptionRow[]): string[] {
  return exempted
    .toSorted((one, other) => one.position - other.position)
    .map((row) => row.distinguished_name);
}
