import { mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readConfig } from '@sallyport/platform';
import { describe, expect, it } from 'vitest';
import { ensureCertificate } from './front/self-signed-certificate.js';
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
    const { cert, key } = await ensureCertificate(await directory(), 'sign-in.example.com', NOW);
    await writeFile(join(files, 'cert.pem'), cert);
    await writeFile(join(files, 'key.pem'), key);
    const config = readConfig({
      SALLYPORT_DATA_DIR: data,
      TLS_CERT_FILE: join(files, 'cert.pem'),
      TLS_KEY_FILE: join(files, 'key.pem'),
    });
    expect((await serverOptions(config, NOW)).tls).toMatchObject({
      cert,
      key,
    });
    expect(await readdir(data)).toEqual([]);
  });

  it('S97 names the setting where a certificate or key cannot be served with', async () => {
    const files = await directory();
    const [ours, others] = await Promise.all([
      ensureCertificate(await directory(), 'a.example.com', NOW),
      ensureCertificate(await directory(), 'b.example.com', NOW),
    ]);
    const pem = { cert: ours.cert, key: ours.key, other: others.key, none: 'none' };
    for (const [name, text] of Object.entries(pem)) await writeFile(join(files, name), text);
    const refusal = (cert: string, key: string) =>
      serverOptions(
        readConfig({ TLS_CERT_FILE: join(files, cert), TLS_KEY_FILE: join(files, key) }),
        NOW,
      ).then(
        () => null,
        (error: Error) => error.message,
      );
    expect(await refusal('cert', 'key')).toBe(null);
    expect(await refusal('missing', 'key')).toBe('TLS_CERT_FILE: the file cannot be read (ENOENT)');
    expect(await refusal('cert', 'missing')).toBe('TLS_KEY_FILE: the file cannot be read (ENOENT)');
    expect(await refusal('none', 'key')).toBe('TLS_CERT_FILE: the file holds no PEM certificate');
    expect(await refusal('cert', 'none')).toBe(
      'TLS_KEY_FILE: the file holds no PEM key without a passphrase',
    );
    expect(await refusal('cert', 'other')).toBe(
      'TLS_KEY_FILE: the key does not belong to the certificate of TLS_CERT_FILE',
    );
  });

  it('leaves out a listener that is off', async () => {
    const config = readConfig({ SALLYPORT_DATA_DIR: await directory(), TLS_PORT: 'off' });
    expect(await serverOptions(config, NOW)).toEqual({
      trustedProxies: [],
      plain: { host: '127.0.0.1', port: 8200 },
    });
  });
});
