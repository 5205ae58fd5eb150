import { Injectable } from '@nestjs/common';
import { type Actor, AuditService } from '@sallyport/audit';
import { Database, Keyring, type SealPlace, single, type Sql } from '@sallyport/platform';
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
      `SET settings = $1, sealed_backup_passphrase = coalesce($2, g.sealed_backup_passphrase)`,
      [JSON.stringify(settings), sealed],
    ]);
  }

  /** Everything back to its default, and the passphrase away. */
  async reset(actor: Actor): Promise<void> {
    await this.write('settings.reset', {}, actor, [
      `SET settings = '{}', sealed_backup_passphrase = NULL`,
      [],
    ]);
  }

  private async write(
    action: 'settings.changed' | 'settings.reset',
    detail: Record<string, unknown>,
    actor: Actor,
    [change, values]: [string, unknown[]],
  ): Promise<void> {
    await this.database.transaction(async (tx) => {
      const row = single(
        await tx.query<WrittenRow>(`UPDATE global_settings g ${change} ${BESIDE_BEFORE}`, values),
      );
      await this.audit.record(tx, actor, {
        action,
        outcome: 'success',
        object: { type: 'global-settings', id: 'global-settings' },
        detail,
        before: shown(row.old_settings, row.old_passphrase),
        after: shown(row.settings, row.passphrase),
      });
    });
  }
}

interface WrittenRow {
  settings: Partial<GlobalSettings>;
  passphrase: Buffer | null;
  old_settings: Partial<GlobalSettings>;
  old_passphrase: Buffer | null;
}

const BESIDE_BEFORE = `
  FROM (SELECT settings, sealed_backup_passphrase FROM global_settings FOR UPDATE) old
  RETURNING g.settings, g.sealed_backup_passphrase AS passphrase, old.settings AS old_settings, old.sealed_backup_passphrase AS old_passphrase`;

/** As an event shows them: of the passphrase it tells that there is one (S73). */
function shown(settings: Partial<GlobalSettings>, backupPassphrase: Buffer | null): object {
  return { ...GLOBAL_DEFAULTS, ...settings, backupPassphrase };
}
