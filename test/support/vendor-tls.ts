import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';

export interface ServerKeys {
  cert: string;
  key: string;
}

/** Makes a certificate for these names and lets this process believe it, as an operator's NODE_EXTRA_CA_CERTS would. */
export async function trustedKeys(...names: string[]): Promise<ServerKeys> {
  const keys = await makeKeys(names);
  setDefaultCACertificates([...getCACertificates('default'), keys.cert]);
  return keys;
}

/** The same without anybody believing it. */
export async function makeKeys(names: string[]): Promise<ServerKeys> {
  const made = await generate([{ name: 'commonName', value: names[0]! }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      {
        name: 'subjectAltName',
        altNames: names.map((name) =>
          /^[\d.]+$/.test(name) ? { type: 7, ip: name } : { type: 2, value: name },
        ),
      },
    ],
  });
  return { cert: made.cert, key: made.private };
}
