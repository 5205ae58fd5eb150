import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ConfigError } from './config-error.js';
import { readConfig } from './config.js';

function problemsOf(environment: Record<string, string>): string[] {
  try {
    readConfig(environment);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map((problem) => problem.setting);
  }
}

describe('readConfig', () => {
  it('has a working default for everything', () => {
    const config = readConfig({});
    expect(config).toMatchObject({
      port: 8200,
      tlsPort: 8443,
      host: '127.0.0.1',
      databaseUrl: null,
      publicHost: 'localhost',
    });
  });

  it('names every wrong setting at once', () => {
    expect(problemsOf({ PORT: '99999', TLS_PORT: 'yes', SALLYPORT_LOG_LEVEL: 'loud' })).toEqual([
      'PORT',
      'TLS_PORT',
      'SALLYPORT_LOG_LEVEL',
    ]);
  });

  it('S97 stops at a setting it does not know, by its name only', () => {
    expect(problemsOf({ SALLYPORT_MASTER_KEY: 'c2VjcmV0', SALLYPORT_TRUSTED_PROXY: '10.0.0.1' })).toEqual([
      'SALLYPORT_MASTER_KEY',
      'SALLYPORT_TRUSTED_PROXY',
    ]);
    expect(() => readConfig({ SALLYPORT_MASTER_KEY: 'c2VjcmV0' })).toThrow(
      /^SALLYPORT_MASTER_KEY: is not a setting$/,
    );
    expect(problemsOf({ SALLYPORT_ROOT_TOKEN_FILE: '', OTHER_PROGRAM: 'x' })).toEqual([]);
  });

  it('never shows the value of a wrong secret', () => {
    expect(() => readConfig({ SALLYPORT_ROOT_TOKEN: 'short-secret' })).toThrow(
      /^SALLYPORT_ROOT_TOKEN: must be 22 to 512 printable ASCII characters without blanks$/,
    );
  });

  it('takes a root token of 22 printable characters and refuses 21', () => {
    expect(problemsOf({ SALLYPORT_ROOT_TOKEN: 'a'.repeat(22) })).toEqual([]);
    expect(problemsOf({ SALLYPORT_ROOT_TOKEN: 'a'.repeat(21) })).toEqual(['SALLYPORT_ROOT_TOKEN']);
  });

  it('takes a pooler only before a database of its own', () => {
    const url = {
      DATABASE_URL: 'postgres://sallyport@/sallyport?host=/run',
      SALLYPORT_MASTER_KEY_FILE: 'key',
    };
    for (const [pooler, databasePooled, databasePrepares] of [
      ['transaction', true, false],
      ['prepared', true, true],
      ['off', false, true],
      ['', false, true],
    ] as const)
      expect(readConfig({ ...url, SALLYPORT_DATABASE_POOLER: pooler })).toMatchObject({
        databasePooled,
        databasePrepares,
      });
    expect(problemsOf({ ...url, SALLYPORT_DATABASE_POOLER: 'session' })).toEqual([
      'SALLYPORT_DATABASE_POOLER',
    ]);
    expect(problemsOf({ SALLYPORT_DATABASE_POOLER: 'transaction' })).toEqual(['SALLYPORT_DATABASE_POOLER']);
  });

  it('S84 refuses plain HTTP beyond loopback without a trusted proxy', () => {
    expect(problemsOf({ HOST: '0.0.0.0' })).toEqual(['PORT']);
    expect(problemsOf({ HOST: '0.0.0.0', PORT: 'off' })).toEqual([]);
    expect(problemsOf({ HOST: '0.0.0.0', SALLYPORT_TRUSTED_PROXIES: '10.0.0.0/8' })).toEqual([]);
    expect(problemsOf({ HOST: '::1' })).toEqual([]);
  });

  it('S83 takes addresses in their usual spelling only', () => {
    for (const proxy of ['010.0.0.0/8', '0177.0.0.1', '127.1', '2130706433', 'proxy.example'])
      expect(problemsOf({ SALLYPORT_TRUSTED_PROXIES: proxy })).toEqual(['SALLYPORT_TRUSTED_PROXIES']);
    expect(problemsOf({ HOST: '0177.0.0.1' })).toEqual(['PORT']);
  });

  it('S67 refuses DATABASE_URL without a master key file', () => {
    expect(problemsOf({ DATABASE_URL: 'postgres://127.0.0.1/x' })).toEqual(['SALLYPORT_MASTER_KEY_FILE']);
  });

  it('S84 refuses a database over a network whose name is not checked, unless that is accepted by name', () => {
    const settings = { DATABASE_URL: 'postgres://db/x', SALLYPORT_MASTER_KEY_FILE: 'master.key' };
    expect(problemsOf(settings)).toEqual(['DATABASE_URL']);
    expect(problemsOf({ ...settings, DATABASE_URL: 'postgres://db/x?sslmode=verify-full' })).toEqual([]);
    expect(problemsOf({ ...settings, SALLYPORT_ACCEPT_UNSAFE_DATABASE: 'tls,fsync' })).toEqual([]);
  });

  it('S96 takes the URL of the owner beside that of the server, not instead of it', () => {
    const url = 'postgres://owner@127.0.0.1/x';
    const beside = { DATABASE_URL: 'postgres://server@127.0.0.1/x', SALLYPORT_MASTER_KEY_FILE: 'key' };
    expect(readConfig({ ...beside, SALLYPORT_MIGRATION_DATABASE_URL: url }).migrationDatabaseUrl).toBe(url);
    expect(readConfig(beside).migrationDatabaseUrl).toBeNull();
    for (const wrong of ['mysql://owner@127.0.0.1/x', 'postgres://owner@db.example.com/x'])
      expect(problemsOf({ ...beside, SALLYPORT_MIGRATION_DATABASE_URL: wrong })).toEqual([
        'SALLYPORT_MIGRATION_DATABASE_URL',
      ]);
    expect(problemsOf({ SALLYPORT_MIGRATION_DATABASE_URL: url })).toEqual([
      'SALLYPORT_MIGRATION_DATABASE_URL',
    ]);
  });

  it('reads a secret from the file NAME_FILE names', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'config-')), 'token');
    writeFileSync(file, `${'t'.repeat(30)}\n`);
    expect(readConfig({ SALLYPORT_ROOT_TOKEN_FILE: file }).rootToken).toBe('t'.repeat(30));
    expect(problemsOf({ SALLYPORT_ROOT_TOKEN_FILE: `${file}.missing` })).toEqual([
      'SALLYPORT_ROOT_TOKEN_FILE',
    ]);
  });

  it('S60 reads the days of the enrolment window: none, or 1 to 30', () => {
    expect(readConfig({}).enrolmentWindowDays).toBeNull();
    expect(readConfig({ SALLYPORT_ENROLMENT_WINDOW: 'off' }).enrolmentWindowDays).toBeNull();
    expect(readConfig({ SALLYPORT_ENROLMENT_WINDOW: '30' }).enrolmentWindowDays).toBe(30);
    for (const days of ['0', '31', '7d'])
      expect(problemsOf({ SALLYPORT_ENROLMENT_WINDOW: days })).toEqual(['SALLYPORT_ENROLMENT_WINDOW']);
  });

  it('S58 lets secrets be set by others unless that is switched off', () => {
    expect(readConfig({}).secretsSetByOthers).toBe(true);
    expect(readConfig({ SALLYPORT_SECRETS_SET_BY_OTHERS: 'off' }).secretsSetByOthers).toBe(false);
    expect(() => readConfig({ SALLYPORT_SECRETS_SET_BY_OTHERS: 'no' })).toThrow(
      'SALLYPORT_SECRETS_SET_BY_OTHERS',
    );
  });

  it('S76 S78 reads where the audit goes, and stops where it cannot go there', () => {
    const url = 'https://logs.example.com/audit';
    const allow = { SALLYPORT_OUTGOING_ALLOW: 'https://logs.example.com' };
    expect(readConfig({})).toMatchObject({
      auditCheckpointFile: null,
      auditFileRows: false,
      auditWebhookUrl: null,
      auditWebhookToken: null,
      auditRetentionDays: null,
    });
    expect(readConfig({ SALLYPORT_AUDIT_WEBHOOK_URL: url, ...allow }).auditWebhookUrl).toBe(url);
    expect(problemsOf({ SALLYPORT_AUDIT_WEBHOOK_URL: url })).toEqual(['SALLYPORT_AUDIT_WEBHOOK_URL']);
    for (const wrong of ['http://logs.example.com', 'https://a:b@logs.example.com', 'file:///etc/passwd'])
      expect(problemsOf({ SALLYPORT_AUDIT_WEBHOOK_URL: wrong, ...allow })).toEqual([
        'SALLYPORT_AUDIT_WEBHOOK_URL',
      ]);
    expect(problemsOf({ SALLYPORT_AUDIT_WEBHOOK_TOKEN: 'a b' })).toEqual(['SALLYPORT_AUDIT_WEBHOOK_TOKEN']);
    expect(problemsOf({ SALLYPORT_AUDIT_FILE_ROWS: 'on' })).toEqual(['SALLYPORT_AUDIT_FILE_ROWS']);
    expect(problemsOf({ SALLYPORT_AUDIT_RETENTION_DAYS: '29' })).toEqual(['SALLYPORT_AUDIT_RETENTION_DAYS']);
    expect(readConfig({ SALLYPORT_AUDIT_RETENTION_DAYS: '365' }).auditRetentionDays).toBe(365);
  });

  it('S94 accepts by name which durability settings of PostgreSQL may be off, and nothing else', () => {
    expect(readConfig({}).acceptedOff).toEqual([]);
    expect(readConfig({ SALLYPORT_ACCEPT_UNSAFE_DATABASE: 'synchronous_commit, fsync' }).acceptedOff).toEqual(
      ['fsync', 'synchronous_commit'],
    );
    for (const name of ['standby', 'clock', 'on', 'FSYNC', 'fsync,standby'])
      expect(problemsOf({ SALLYPORT_ACCEPT_UNSAFE_DATABASE: name })).toEqual([
        'SALLYPORT_ACCEPT_UNSAFE_DATABASE',
      ]);
  });

  it('S87 reads the places it may call, none by default, and stops at one it cannot read', () => {
    expect(readConfig({}).outgoingAllow).toEqual([]);
    expect(
      readConfig({ SALLYPORT_OUTGOING_ALLOW: 'radius://10.0.0.5, https://api.example.com' }).outgoingAllow,
    ).toEqual([
      { scheme: 'radius', host: '10.0.0.5', port: 1812 },
      { scheme: 'https', host: 'api.example.com', port: 443 },
    ]);
    expect(problemsOf({ SALLYPORT_OUTGOING_ALLOW: 'radius://10.0.0.5,10.0.0.6' })).toEqual([
      'SALLYPORT_OUTGOING_ALLOW',
    ]);
  });
});
