import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Database, Keyring, type SealPlace, type Sql } from '@sallyport/platform';
import { GLOBAL_DEFAULTS, type GlobalSettings } from './global-settings.js';

const PASSPHRASE: SealPlace = { table: 'global_settings', column: 'sealed_backup_passphrase', row: 'only' };

/** The one set of settings of the installation; a change counts from the next request on, on every replica. */
@Injectable()
export class GlobalSettingsService {
  constructor(
    private readonly database: Database,
    private readonly keyring: Keyring,
    private readonly audit: AuditService,
  ) {}

  /** The settings as they stand, defaults where nothing was set. Never the passphrase. */
  async get(sql: Sql = this.database): Promise<GlobalSettings> {
    const [row] = await sql.query<{ settings: Partial<GlobalSettings> }>(
      'SELECT settings FROM global_settings',
    );
    return { ...GLOBAL_DEFAULTS, ...row?.settings };
  }

  /**
   * Seconds of a session at `/admin` that begins now.
   * @param sql inside a transaction: that one. Asking on a second connection would let as many sign-ins at once as the pool has
   *   connections wait for each other.
   */
  async sessionLife(sql?: Sql): Promise<number> {
    return (await this.get(sql)).administrationTokenExpiration * 60;
  }

  /**
   * Replaces the settings whole: what is absent goes back to its default.
   * @param backupPassphrase is sealed; absent: the stored one stays (contract appgate.md §1.5).
   */
  async replace(
    settings: Partial<GlobalSettings>,
    backupPassphrase: string | undefined,
    actor: Actor,
  ): Promise<void> {
    const sealed =
      backupPassphrase === undefined
        ? null
        : await this.keyring.seal(Buffer.from(backupPassphrase), PASSPHRASE);
    const detail = { settings, passphraseChanged: sealed !== null };
    await this.write('settings.changed', detail, actor, [
      'UPDATE global_settings SET settings = $1, sealed_backup_passphrase = coalesce($2, sealed_backup_passphrase)',
      [JSON.stringify(settings), sealed],
    ]);
  }

  /** Everything back to its default, and the passphrase away. */
  async reset(actor: Actor): Promise<void> {
    await this.write('settings.reset', {}, actor, [
      `UPDATE global_settings SET settings = '{}', sealed_backup_passphrase = NULL`,
      [],
    ]);
  }

  private async write(
    action: 'settings.changed' | 'settings.reset',
    detail: Record<string, unknown>,
    actor: Actor,
    [statement, values]: [string, unknown[]],
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      await tx.execute(statement, values);
      await this.audit.record(tx, actor, {
        action,
        outcome: 'success',
        object: { type: 'global-settings', id: 'global-settings' },
        detail,
      });
    });
  }
}
