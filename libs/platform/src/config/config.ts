import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { ConfigError } from './config-error.js';
import { leadsAnywhere } from './database-url.js';
import { EnvironmentReader, type Environment } from './environment.js';
import { readTracing, type TracingSettings } from '../tracing/tracing-settings.js';
import { isLoopback } from './loopback.js';
import { addressRange } from '../network/address-range.js';
import { type OutgoingRule, parseOutgoingRule } from '../outgoing/outgoing-rule.js';
import { parseOutgoingUrl } from '../outgoing/outgoing-url.js';
import { DURABILITY_SETTINGS, type DurabilitySetting } from '../database/database-standing.js';

/** The whole configuration, parsed and checked once at start. Docs: `docs/operations.md`. */
export class Config {
  /** Plain HTTP port; null when off. */
  readonly port!: number | null;
  /** HTTPS port; null when off. */
  readonly tlsPort!: number | null;
  readonly host!: string;
  /** CIDR ranges whose `X-Forwarded-For` is believed (S83). */
  readonly trustedProxies!: string[];
  readonly tlsCertFile!: string | null;
  readonly tlsKeyFile!: string | null;
  /** The host in otpauth URLs and in the self-signed certificate; never the request's own. */
  readonly publicHost!: string;
  /** Null: the embedded database under `dataDirectory`. */
  readonly databaseUrl!: string | null;
  /** Signs in as the role that owns the schema; null: `databaseUrl` does (S96). */
  readonly migrationDatabaseUrl!: string | null;
  readonly databasePoolSize!: number;
  /** Whether `databaseUrl` leads to a pooler that gives out sessions for one transaction at a time. */
  readonly databasePooled!: boolean;
  /** Whether statements that are prepared stay so: without a pooler, or with one that sees to it. */
  readonly databasePrepares!: boolean;
  /** Durability settings of PostgreSQL that may be off (S94). */
  readonly acceptedOff!: DurabilitySetting[];
  readonly dataDirectory!: string;
  /** Null: made beside the embedded database. */
  readonly masterKeyFile!: string | null;
  /** First start only; null: random. */
  readonly adminPassword!: string | null;
  /** First start only; null: random. */
  readonly rootToken!: string | null;
  /** A sorted file of SHA-1 hashes of breached passwords (S03); null: none. */
  readonly breachedPasswordsFile!: string | null;
  /** How far password hashing gives way to other work (S12), as `nice` counts; 0: not at all. */
  readonly hashNiceness!: number;
  /** Failed sign-ins leave no sooner than this, in milliseconds (S05). */
  readonly failureFloorMs!: number;
  /** Failed passwords of an account without a wait, over all networks not known to it (S08). */
  readonly unknownNetworkTries!: number;
  /** Different names that may fail from one network in 10 minutes without a wait (S09). */
  readonly namesPerNetwork!: number;
  /** Failures from unknown networks after which a password opens from known ones only (S08); null: never. */
  readonly passwordFailureCap!: number | null;
  /** Days from the making of a user in which a password alone may bind the first factor (S60); null: always. */
  readonly enrolmentWindowDays!: number | null;
  /** Whether a password or seed may be set for somebody else by the dialects' routes (S58). */
  readonly secretsSetByOthers!: boolean;
  /** A file outside the database that is given the audit's checkpoints (S76); null: none. */
  readonly auditCheckpointFile!: string | null;
  /** Whether it is given the audit's rows too. */
  readonly auditFileRows!: boolean;
  /** An https URL that is given checkpoints and rows; null: none. */
  readonly auditWebhookUrl!: string | null;
  /** Sent to it as a bearer token; null: none. */
  readonly auditWebhookToken!: string | null;
  /** Days audit rows are kept; null: for ever. */
  readonly auditRetentionDays!: number | null;
  /** Where the server may call on its own: scheme, host and port (S87). */
  readonly outgoingAllow!: OutgoingRule[];
  /** Port of metrics and of health in detail; null: nothing listens. */
  readonly metricsPort!: number | null;
  readonly metricsHost!: string;
  /** Null: no traces. */
  readonly tracing!: TracingSettings | null;
  readonly logLevel!: LogLevel;
  readonly production!: boolean;
}

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * Reads the configuration from environment variables.
 * @throws ConfigError naming every wrong setting, never its value.
 */
export function readConfig(environment: Environment): Config {
  const env = new EnvironmentReader(environment);
  const pooler = env.oneOf(POOLER, ['off', 'transaction', 'prepared'], 'off');
  const config: Config = {
    port: env.port('PORT', 8200),
    tlsPort: env.port('TLS_PORT', 8443),
    host: env.text('HOST') ?? '127.0.0.1',
    trustedProxies: env.list('SALLYPORT_TRUSTED_PROXIES'),
    tlsCertFile: env.text('TLS_CERT_FILE'),
    tlsKeyFile: env.text('TLS_KEY_FILE'),
    publicHost: env.text('SALLYPORT_PUBLIC_HOST') ?? 'localhost',
    databaseUrl: env.secret('DATABASE_URL'),
    migrationDatabaseUrl: env.secret('SALLYPORT_MIGRATION_DATABASE_URL'),
    databasePoolSize: env.integer('SALLYPORT_DATABASE_POOL', 10, 2, 200),
    databasePooled: pooler !== 'off',
    databasePrepares: pooler !== 'transaction',
    acceptedOff: readAcceptedOff(env),
    dataDirectory: resolve(env.text('SALLYPORT_DATA_DIR') ?? './data'),
    masterKeyFile: env.text('SALLYPORT_MASTER_KEY_FILE'),
    adminPassword: env.secret('SALLYPORT_ADMIN_PASSWORD'),
    rootToken: env.secret('SALLYPORT_ROOT_TOKEN'),
    breachedPasswordsFile: env.text('SALLYPORT_BREACHED_PASSWORDS_FILE'),
    hashNiceness: env.integer('SALLYPORT_HASH_NICENESS', 10, 0, 19),
    failureFloorMs: env.integer('SALLYPORT_FAILURE_FLOOR_MS', 300, 0, 5000),
    unknownNetworkTries: env.integer('SALLYPORT_UNKNOWN_NETWORK_TRIES', 20, 10, 50),
    namesPerNetwork: env.integer('SALLYPORT_NAMES_PER_NETWORK', 30, 10, 300),
    passwordFailureCap: readUnlessOff(env, 'SALLYPORT_PASSWORD_FAILURE_CAP', 10, 100),
    enrolmentWindowDays: readUnlessOff(env, 'SALLYPORT_ENROLMENT_WINDOW', 1, 30),
    secretsSetByOthers: env.oneOf('SALLYPORT_SECRETS_SET_BY_OTHERS', ['on', 'off'], 'on') === 'on',
    auditCheckpointFile: env.text('SALLYPORT_AUDIT_CHECKPOINT_FILE'),
    auditFileRows: env.oneOf('SALLYPORT_AUDIT_FILE_ROWS', ['off', 'on'], 'off') === 'on',
    auditWebhookUrl: env.text('SALLYPORT_AUDIT_WEBHOOK_URL'),
    auditWebhookToken: env.secret('SALLYPORT_AUDIT_WEBHOOK_TOKEN'),
    auditRetentionDays: readUnlessOff(env, 'SALLYPORT_AUDIT_RETENTION_DAYS', 30, 36_500),
    outgoingAllow: readOutgoingAllow(env),
    metricsPort: env.port('METRICS_PORT', null),
    metricsHost: env.text('METRICS_HOST') ?? '127.0.0.1',
    tracing: readTracing(env),
    logLevel: env.oneOf('SALLYPORT_LOG_LEVEL', LOG_LEVELS, 'info'),
    production: env.text('NODE_ENV') === 'production',
  };
  checkTogether(config, env);
  env.refuseUnknown('SALLYPORT_');
  if (env.problems.length > 0) throw new ConfigError(env.problems);
  return Object.assign(new Config(), config);
}

/** Absent or `off`: null. */
function readUnlessOff(env: EnvironmentReader, setting: string, least: number, most: number): number | null {
  if ((env.text(setting) ?? 'off') === 'off') return null;
  return env.integer(setting, least, least, most);
}

const POOLER = 'SALLYPORT_DATABASE_POOLER';
const ACCEPTED = 'SALLYPORT_ACCEPT_UNSAFE_DATABASE';
/** A connection over a network that is not checked by name (S84). */
const UNCHECKED = 'tls';

function readAcceptedOff(env: EnvironmentReader): DurabilitySetting[] {
  const names = env.list(ACCEPTED);
  const known: string[] = [...DURABILITY_SETTINGS, UNCHECKED];
  if (!names.every((name) => known.includes(name)))
    env.refuse(ACCEPTED, `may only name ${known.join(', ')}, separated by commas`);
  return DURABILITY_SETTINGS.filter((setting) => names.includes(setting));
}

function readOutgoingAllow(env: EnvironmentReader): OutgoingRule[] {
  const rules = env.list('SALLYPORT_OUTGOING_ALLOW').map(parseOutgoingRule);
  if (rules.includes(null))
    env.refuse(
      'SALLYPORT_OUTGOING_ALLOW',
      'must be radius://host:port or https://host:port, separated by commas; addresses are written out, IPv6 in brackets',
    );
  return rules.filter((rule) => rule !== null);
}

function checkTogether(config: Config, env: EnvironmentReader): void {
  if (env.problems.length === 0 && config.port === null && config.tlsPort === null)
    env.refuse('PORT', 'PORT and TLS_PORT cannot both be off');
  if ((config.tlsCertFile === null) !== (config.tlsKeyFile === null))
    env.refuse('TLS_CERT_FILE', 'TLS_CERT_FILE and TLS_KEY_FILE go together');
  checkDatabaseUrls(config, env);
  if (config.databaseUrl !== null && config.masterKeyFile === null)
    env.refuse(
      'SALLYPORT_MASTER_KEY_FILE',
      'is required with DATABASE_URL: the key is never made beside a database that exists',
    );
  if (!/^[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?$/.test(config.publicHost))
    env.refuse('SALLYPORT_PUBLIC_HOST', 'must be a host name of at most 253 characters');
  // 22 characters of 94 printable ones carry at least the 128 bits that are the floor for a token (S33).
  if (config.rootToken !== null && !/^[\x21-\x7e]{22,512}$/.test(config.rootToken))
    env.refuse('SALLYPORT_ROOT_TOKEN', 'must be 22 to 512 printable ASCII characters without blanks');
  checkAuditSink(config, env);
  checkMetrics(config, env);
  for (const proxy of config.trustedProxies)
    if (addressRange(proxy) === null)
      env.refuse('SALLYPORT_TRUSTED_PROXIES', 'must be IP addresses or CIDR ranges, separated by commas');
  // S84: plain HTTP stays on loopback unless a proxy in front is named.
  if (config.port !== null && !isLoopback(config.host) && config.trustedProxies.length === 0)
    env.refuse('PORT', 'plain HTTP beyond loopback needs SALLYPORT_TRUSTED_PROXIES; or set PORT=off');
}

/** What they tell is for operators: they share no port with what is public (S97). */
function checkMetrics({ metricsPort, metricsHost, port, tlsPort }: Config, env: EnvironmentReader): void {
  if (metricsHost !== 'localhost' && isIP(metricsHost) === 0)
    env.refuse('METRICS_HOST', 'must be an IP address or localhost');
  if (metricsPort !== null && metricsPort !== 0 && (metricsPort === port || metricsPort === tlsPort))
    env.refuse('METRICS_PORT', 'must be a port of its own');
}

function checkDatabaseUrls(
  { databaseUrl, migrationDatabaseUrl, databasePooled }: Config,
  env: EnvironmentReader,
): void {
  const settings = { DATABASE_URL: databaseUrl, SALLYPORT_MIGRATION_DATABASE_URL: migrationDatabaseUrl };
  for (const [setting, url] of Object.entries(settings)) {
    if (url === null) continue;
    if (!/^postgres(ql)?:\/\//.test(url)) env.refuse(setting, 'must be a postgres:// URL');
    else if (leadsAnywhere(url) && !env.list(ACCEPTED).includes(UNCHECKED))
      env.refuse(
        setting,
        `over a network needs sslmode=verify-full (and sslrootcert); ${ACCEPTED}=${UNCHECKED} does without`,
      );
  }
  if (databaseUrl === null && databasePooled)
    env.refuse(POOLER, 'goes with DATABASE_URL: nothing stands before the embedded database');
  if (databaseUrl === null && migrationDatabaseUrl !== null)
    env.refuse(
      'SALLYPORT_MIGRATION_DATABASE_URL',
      'goes with DATABASE_URL, which names the role of the server',
    );
}

function checkAuditSink(
  { auditWebhookUrl: url, auditWebhookToken: token, ...config }: Config,
  env: EnvironmentReader,
): void {
  const where = url === null ? null : parseOutgoingUrl(url);
  if (url !== null && where === null) env.refuse('SALLYPORT_AUDIT_WEBHOOK_URL', 'must be an https:// URL');
  const listed = config.outgoingAllow.some(
    (rule) => rule.scheme === 'https' && rule.host === where?.host && rule.port === where.port,
  );
  if (where !== null && !listed)
    env.refuse('SALLYPORT_AUDIT_WEBHOOK_URL', 'its host and port must be on SALLYPORT_OUTGOING_ALLOW');
  if (token !== null && !/^[\x21-\x7e]+$/.test(token))
    env.refuse('SALLYPORT_AUDIT_WEBHOOK_TOKEN', 'must be printable ASCII characters without blanks');
  if (config.auditFileRows && config.auditCheckpointFile === null)
    env.refuse('SALLYPORT_AUDIT_FILE_ROWS', 'needs SALLYPORT_AUDIT_CHECKPOINT_FILE');
}
