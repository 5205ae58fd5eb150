import { ConfigError } from '../config/config-error.js';
import type { Sql } from '../database/sql.js';
import type { MasterKey } from './master-key.js';

/**
 * Looks, before anything is changed, whether this master key opens the data keys of this database; a database without any is new.
 * @throws ConfigError where one does not open (S67).
 */
export async function mustOpenDataKeys(sql: Sql, masterKey: MasterKey): Promise<void> {
  const [table] = await sql.query<{ there: boolean }>(`SELECT to_regclass('data_keys') IS NOT NULL AS there`);
  if (table?.there !== true) return;
  const rows = await sql.query<{ wrapped_key: Buffer }>('SELECT wrapped_key FROM data_keys');
  for (const { wrapped_key } of rows) {
    try {
      masterKey.unwrap(wrapped_key);
    } catch {
      const problem = 'this key does not open the data keys of this database';
      throw new ConfigError([{ setting: 'SALLYPORT_MASTER_KEY_FILE', problem }]);
    }
  }
}
