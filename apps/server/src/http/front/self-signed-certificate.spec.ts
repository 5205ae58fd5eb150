import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { ensureCertificate } from './self-signed-certificate.js';

const NOW = new Date('2026-03-01T12:00:00Z');
const LATER = new Date('2028-05-20T12:00:00Z');
let directory: string;

beforeEach(async () => {
  directory = join(await mkdtemp(join(tmpdir(), 'certificate-')), 'data');
});

describe('ensureCertificate', () => {
  it('names the public host and the loopback names', async () => {
    const { cert } = await ensureCertificate(directory, 'vault.example.org', NOW);
    const certificate = new X509Certificate(cert);
    expect(certificate.subjectAltName).toBe(
      'DNS:vault.example.org, DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1',
    );
    expect(certificate.ca).toBe(false);
    expect(certificate.validTo).toBe('May 29 12:00:00 2028 GMT');
  });

  it('names a public address as an address', async () => {
    const { cert } = await ensureCertificate(directory, '10.1.2.3', NOW);
    expect(new X509Certificate(cert).subjectAltName).toMatch(/^IP Address:10\.1\.2\.3, /);
  });

  it('keeps the key to its owner', async () => {
    await ensureCertificate(directory, 'localhost', NOW);
    expect((await stat(join(directory, 'tls', 'key.pem'))).mode & 0o777).toBe(0o600);
    expect((await stat(join(directory, 'tls'))).mode & 0o777).toBe(0o700);
  });

  it('is made once and used again', async () => {
    const first = await ensureCertificate(directory, 'localhost', NOW);
    expect(await ensureCertificate(directory, 'another.example.org', NOW)).toEqual(first);
    expect(await readdir(directory)).toEqual(['tls']);
  });

  it('gives one pair to servers that start together', async () => {
    const pairs = await Promise.all(
      Array.from({ length: 5 }, () => ensureCertificate(directory, 'localhost', NOW)),
    );
    expect(new Set(pairs.map(({ cert }) => cert)).size).toBe(1);
    expect(new Set(pairs.map(({ key }) => key)).size).toBe(1);
    expect(await readdir(directory)).toEqual(['tls']);
  });

  it('renews its own shortly before the end, and keeps the old one', async () => {
    const first = await ensureCertificate(directory, 'localhost', NOW);
    const second = await ensureCertificate(directory, 'localhost', LATER);
    expect(second.cert).not.toBe(first.cert);
    const old = (await readdir(directory)).find((name) => name !== 'tls')!;
    expect(await readFile(join(directory, old, 'cert.pem'), 'utf8')).toBe(first.cert);
  });

  it('stops on files that cannot be a certificate', async () => {
    await ensureCertificate(directory, 'localhost', NOW);
    await writeFile(join(directory, 'tls', 'cert.pem'), 'rubbish');
    await expect(ensureCertificate(directory, 'localhost', NOW)).rejects.toThrow();
  });
});
