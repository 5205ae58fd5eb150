import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@sallyport/platform';
import { describe, expect, it } from 'vitest';
import { serverOptions } from './server-options.js';

const NOW = new Date('2026-03-01T12:00:00Z');

async function directory(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'server-options-'));
}

describe('serverOptions', () => {
  it('listens on both ports by default, with a certificate of its own', async () => {
    const config = readConfig({ SALLYPORT_DATA_DIR: await directory() });
    const { plain, tls, trustedProxies } = await serverOptions(config, NOW);
    expect(plain).toEqual({ host: '127.0.0.1', port: 8200 });
    expect(tls).toMatchObject({ host: '127.0.0.1', port: 8443 });
    expect(tls!.cert).toMatch(/^-----BEGIN CERTIFICATE-----/);
    expect(trustedProxies).toEqual([]);
  });

  it('takes the certificate of the operator and makes none', async () => {
    const data = await directory();
    const files = await directory();
    await writeFile(join(files, 'cert.pem'), 'their certificate');
    await writeFile(join(files, 'key.pem'), 'their key');
    const config = readConfig({
      SALLYPORT_DATA_DIR: data,
      TLS_CERT_FILE: join(files, 'cert.pem'),
      TLS_KEY_FILE: join(files, 'key.pem'),
    });
    expect((await serverOptions(config, NOW)).tls).toMatchObject({
      cert: 'their certificate',
      key: 'their key',
    });
    expect(await readdir(data)).toEqual([]);
  });

  it('leaves out a listener that is off', async () => {
    const config = readConfig({ SALLYPORT_DATA_DIR: await directory(), TLS_PORT: 'off' });
    expect(await serverOptions(config, NOW)).toEqual({
      trustedProxies: [],
      plain: { host: '127.0.0.1', port: 8200 },
    });
  });
});
