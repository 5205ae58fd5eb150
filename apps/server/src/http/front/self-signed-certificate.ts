import { X509Certificate } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { ConfigError, pairProblem } from '@sallyport/platform';
import type { TlsKeys } from './listeners.js';

const DAY_MS = 86_400_000;
/** Some clients take no server certificate that is good for more than 825 days. */
const LIFE_DAYS = 820;
const RENEW_DAYS = 30;
const ORGANISATION = 'Sallyport self-signed';

/**
 * The certificate and key in `tls/` of the data directory; made at the first start (appgate.md §1.1) and used again
 * by later ones. One that we made is made anew when it is about to end; one put there by hand never is.
 * @throws ConfigError where what lies there is no pair.
 * @param publicHost host name or address for the Subject Alternative Name, beside the loopback names.
 */
export async function ensureCertificate(
  dataDirectory: string,
  publicHost: string,
  now: Date,
): Promise<TlsKeys> {
  const directory = join(dataDirectory, 'tls');
  const present = await readKeys(directory);
  if (present !== null && !isSpent(present, now)) return present;
  await mkdir(dataDirectory, { recursive: true, mode: 0o700 });
  const fresh = await mkdtemp(`${directory}.`);
  const keys = await make(publicHost, now);
  await writeFile(join(fresh, 'key.pem'), keys.key, { mode: 0o600 });
  await writeFile(join(fresh, 'cert.pem'), keys.cert, { mode: 0o644 });
  if (present !== null) await rename(directory, `${directory}.${now.getTime()}`);
  return moveInto(directory, fresh, keys);
}

/** The pair appears at once, as one rename; where another process was faster, its pair counts. */
async function moveInto(directory: string, fresh: string, keys: TlsKeys): Promise<TlsKeys> {
  try {
    await rename(fresh, directory);
    return keys;
  } catch (error) {
    await rm(fresh, { recursive: true });
    const present = await readKeys(directory);
    if (present === null) throw error;
    return present;
  }
}

async function readKeys(directory: string): Promise<TlsKeys | null> {
  try {
    const [cert, key] = await Promise.all([
      readFile(join(directory, 'cert.pem'), 'utf8'),
      readFile(join(directory, 'key.pem'), 'utf8'),
    ]);
    if (pairProblem({ cert, key }) === null) return { cert, key };
    throw new ConfigError([
      {
        setting: 'SALLYPORT_DATA_DIR',
        problem: 'cert.pem and key.pem in its folder tls are no PEM certificate with its key',
      },
    ]);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function isSpent({ cert }: TlsKeys, now: Date): boolean {
  const certificate = new X509Certificate(cert);
  const left = new Date(certificate.validTo).getTime() - now.getTime();
  return left < RENEW_DAYS * DAY_MS && certificate.issuer.includes(`O=${ORGANISATION}`);
}

async function make(publicHost: string, now: Date): Promise<TlsKeys> {
  const names = [...new Set([publicHost, 'localhost', '127.0.0.1', '::1'])];
  // Only who makes one loads what that takes.
  const { generate } = await import('selfsigned');
  const made = await generate(
    [
      { name: 'commonName', value: publicHost.slice(0, 64) },
      { name: 'organizationName', value: ORGANISATION },
    ],
    {
      keyType: 'ec',
      curve: 'P-256',
      algorithm: 'sha256',
      notBeforeDate: new Date(now.getTime() - DAY_MS),
      notAfterDate: new Date(now.getTime() + LIFE_DAYS * DAY_MS),
      extensions: [
        { name: 'basicConstraints', cA: false, critical: true },
        { name: 'keyUsage', digitalSignature: true, critical: true },
        { name: 'extKeyUsage', serverAuth: true },
        {
          name: 'subjectAltName',
          altNames: names.map((name) =>
            isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name },
          ),
        },
      ],
    },
  );
  return { cert: made.cert, key: made.private };
}
