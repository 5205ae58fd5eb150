export * from './background/background-work.service.js';
export * from './background/rounds.js';
export * from './clock.js';
export * from './config/config-error.js';
export * from './config/config.js';
export * from './config/data-folder.js';
export * from './config/tls-pair.js';
export type { Environment } from './config/environment.js';
export * from './database/advisory-locks.js';
export { administer, forEverybody, inErrand } from './database/connection-pool.js';
export * from './database/bring-up.js';
export * from './database/data-source.js';
export * from './database/database-standing.js';
export {
  causeOf,
  isRepeatable,
  translateDatabaseError,
  violatedConstraint,
  violatedReference,
  withCause,
} from './database/database-errors.js';
export * from './database/database.js';
export * from './database/entity-rows.js';
export * from './database/embedded/index.js';
export * from './database/migrate.js';
export { migrations } from './database/migrations/index.js';
export * from './database/named-row.js';
export { isPoolerRefusal } from './database/pooled-sessions.js';
export * from './database/roles/index.js';
export * from './database/schema-standing.js';
export * from './database/sql.js';
export * from './database/storable-text.js';
export * from './database/unreached.js';
export * from './domain-error.js';
export * from './in-time.js';
export * from './installation/installation.js';
export * from './keyring/data-keys.service.js';
export * from './keyring/key-inventory.js';
export * from './keyring/key-inventory.service.js';
export * from './keyring/key-rotation.service.js';
export * from './keyring/keyring.js';
export * from './keyring/master-key.js';
export * from './keyring/must-open-data-keys.js';
export * from './keyring/sealed-columns.js';
export type { SealPlace } from './keyring/sealed-value.js';
export * from './listing/index.js';
export * from './metrics/metrics.js';
export * from './network/source-network.js';
export * from './network/address-range.js';
export * from './outgoing/index.js';
export * from './platform.module.js';
export * from './tracing/current-act.js';
export * from './tracing/open-tracing.js';
export type { TracingSettings } from './tracing/tracing-settings.js';
export * from './tracing/tracing.js';
export * from './version.js';
