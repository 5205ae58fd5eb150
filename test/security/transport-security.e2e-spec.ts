import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type SecureVersion } from 'node:tls';
import { AuditShipperService } from '@sallyport/audit';
import { ConfigError, readConfig } from '@sallyport/platform';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AuditScene } from '../support/audit-scene.js';
import { PostgresOverTls } from '../support/postgres-over-tls.js';
import { type Sallyport, startSallyport } from '../support/sallyport.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { VaultClient } from '../support/vault-client.js';
import { VendorServer } from '../support/vendor-server.js';
import { makeKeys, type ServerKeys, trusted } from '../support/vendor-tls.js';

const YESTERDAY = new Date(Date.now() - 86_400_000);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sallyport-tls-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the listeners', () => {
  let server: Sallyport;
  beforeAll(async () => {
    server = await startSallyport();
  });
  afterAll(() => server.stop());

  /** @returns the version spoken, or null where the client is refused. */
  function speak(version: SecureVersion): Promise<string | null> {
    const { port } = new URL(server.tlsUrl);
    const versions = { minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' };
    return new Promise((resolve) => {
      const socket = connect({
        host: '127.0.0.1',
        port: Number(port),
        rejectUnauthorized: false,
        ...versions,
      });
      socket.on('secureConnect', () => {
        resolve(socket.getProtocol());
        socket.destroy();
      });
      socket.on('error', () => resolve(null));
    });
  }

  it('S84 a client of TLS 1.0 or 1.1 is refused, of 1.2 and 1.3 served', async () => {
    expect([await speak('TLSv1'), await speak('TLSv1.1')]).toEqual([null, null]);
    expect([await speak('TLSv1.2'), await speak('TLSv1.3')]).toEqual(['TLSv1.2', 'TLSv1.3']);
  });

  it.each(['0.0.0.0', '::', '192.0.2.1', 'login.example.com'])(
    'S84 a plain listener on %s stops the start, unless a proxy is named',
    (HOST) => {
      expect(() => readConfig({ HOST })).toThrow(ConfigError);
      expect(readConfig({ HOST, PORT: 'off' }).port).toBeNull();
      expect(readConfig({ HOST, SALLYPORT_TRUSTED_PROXIES: '10.0.0.1' }).port).toBe(8200);
    },
  );
});

describe('the connection to PostgreSQL', () => {
  let database: TestDatabase;
  let own: ServerKeys;
  let bundle: string;
  beforeAll(async () => {
    database = await createTestDatabase();
    own = await makeKeys(['localhost']);
    bundle = join(folder, 'ca.pem');
  });
  afterAll(() => database.drop());

  /** Starts a server over PostgreSQL under these keys; `believed` is what its operator has named as authority. */
  async function start(keys: ServerKeys | null, believed: ServerKeys): Promise<PostgresOverTls> {
    const postgres = await PostgresOverTls.start(database.url, keys);
    writeFileSync(bundle, believed.cert);
    const name = new URL(database.url.replace('@/', '@localhost/')).pathname;
    const query = `sslmode=verify-full&sslrootcert=${encodeURIComponent(bundle)}`;
    const url = `postgres://sallyport@localhost:${postgres.port}${name}?${query}`;
    try {
      const server = await startSallyport({ settings: { DATABASE_URL: url } });
      const root = new VaultClient(server.url, server.rootToken);
      expect((await root.read('auth/token/lookup-self')).status).toBe(200);
      await server.stop();
    } finally {
      postgres.close();
      seen = postgres;
    }
    return postgres;
  }
  let seen: PostgresOverTls;

  it('S84 works where certificate and name are right', async () => {
    const { passed, plain } = await start(own, own);
    expect(passed).toBeGreaterThan(1);
    expect(plain).toBe(0);
  });

  it.each<[string, () => Promise<[ServerKeys | null, ServerKeys]>]>([
    ['of a stranger', async () => [await makeKeys(['localhost']), own]],
    ['that is over', () => twice(makeKeys(['localhost'], YESTERDAY))],
    ['for another name', () => twice(makeKeys(['db.example.com']))],
    ['it does not have', async () => [null, own]],
  ])('S84 is refused for a certificate %s, and nothing is sent in plain text instead', async (_, keys) => {
    await expect(start(...(await keys()))).rejects.toThrow(
      /certificate|not in the cert's altnames|does not support SSL/i,
    );
    expect([seen.passed, seen.plain]).toEqual([0, 0]);
  });
});

async function twice(keys: Promise<ServerKeys>): Promise<[ServerKeys, ServerKeys]> {
  return [await keys, await keys];
}

describe('the webhook of the audit', () => {
  async function heard(keys: ServerKeys): Promise<number> {
    const vendor = await VendorServer.start([], keys);
    vendor.answer = () => ({ status: 204 });
    const origin = `https://127.0.0.1:${vendor.port}`;
    const scene = await AuditScene.open({
      SALLYPORT_AUDIT_WEBHOOK_URL: `${origin}/audit`,
      SALLYPORT_OUTGOING_ALLOW: origin,
    });
    await scene.write(3);
    await scene.checkpoint();
    await scene.core.get(AuditShipperService).ship();
    vendor.close();
    await scene.close();
    return vendor.calls.length;
  }

  it('S84 is given the rows where certificate and name are right', async () => {
    expect(await heard(await trusted(makeKeys(['127.0.0.1'])))).toBeGreaterThan(0);
  });

  it('S84 is given nothing under a certificate of a stranger, that is over, or for another name', async () => {
    expect(await heard(await makeKeys(['127.0.0.1']))).toBe(0);
    expect(await heard(await trusted(makeKeys(['127.0.0.1'], YESTERDAY)))).toBe(0);
    expect(await heard(await trusted(makeKeys(['127.0.0.2', 'audit.example.com'])))).toBe(0);
  });
});
