import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Config, pairProblem } from '@sallyport/platform';
import { type Finding, ok, warning, wrong } from './finding.js';

const CHECK = 'TLS';
const DAY_MS = 86_400_000;
const SOON_DAYS = 30;

/** The certificate the server would present, and whether its key goes with it. */
export function checkTls(config: Config, now: Date): Finding[] {
  if (config.tlsPort === null) return [ok(CHECK, 'TLS_PORT is off: whatever stands in front speaks TLS')];
  const given = config.tlsCertFile !== null && config.tlsKeyFile !== null;
  const certificateFile = config.tlsCertFile ?? join(config.dataDirectory, 'tls/cert.pem');
  const keyFile = config.tlsKeyFile ?? join(config.dataDirectory, 'tls/key.pem');
  const certificate = read(certificateFile);
  const key = read(keyFile);
  if (certificate === null || key === null)
    return given
      ? [wrong(CHECK, 'TLS_CERT_FILE or TLS_KEY_FILE cannot be read', 'Name files that the server may read.')]
      : [ok(CHECK, 'there is no certificate yet: the next start makes a self-signed one')];
  return judge({ certificate, key, given }, config, now);
}

interface Pair {
  certificate: string;
  key: string;
  given: boolean;
}

function judge({ certificate, key, given }: Pair, { publicHost }: Config, now: Date): Finding[] {
  const problem = pairProblem({ cert: certificate, key });
  if (problem === 'certificate' || problem === 'key')
    return [
      wrong(
        CHECK,
        'the certificate or its key is not PEM',
        'Put a PEM certificate and its PEM key, without a passphrase, there.',
      ),
    ];
  if (problem === 'pair')
    return [
      wrong(
        CHECK,
        'the key does not belong to the certificate',
        'Put the pair there that was issued together.',
      ),
    ];
  const x509 = new X509Certificate(certificate);
  const daysLeft = Math.floor((new Date(x509.validTo).getTime() - now.getTime()) / DAY_MS);
  if (daysLeft < 0)
    return [
      wrong(
        CHECK,
        'the certificate has ended',
        given ? 'Put a new one there and restart.' : 'Restart: the server makes a new one.',
      ),
    ];
  const findings: Finding[] = [];
  if (daysLeft < SOON_DAYS)
    findings.push(
      warning(
        CHECK,
        `the certificate ends in ${daysLeft} days`,
        given ? 'Renew it and restart.' : 'Restart: the server makes a new one.',
      ),
    );
  if (x509.checkHost(publicHost) === undefined && x509.checkIP(publicHost) === undefined)
    findings.push(
      warning(
        CHECK,
        `the certificate does not name SALLYPORT_PUBLIC_HOST (${publicHost})`,
        'Use a certificate for that name, or set the name.',
      ),
    );
  return findings.length > 0 ? findings : [ok(CHECK, `the certificate is good for ${daysLeft} days`)];
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
