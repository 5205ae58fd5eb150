import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';

export interface ServerKeys {
  cert: string;
  key: string;
}

/** Makes a certificate for these names and lets this process believe it, as an operator's NODE_EXTRA_CA_CERTS would. */
export function trustedKeys(...names: string[]): Promise<ServerKeys> {
  return trusted(makeKeys(names));
}

/** Lets this process believe them. */
export async function trusted(made: Promise<ServerKeys>): Promise<ServerKeys> {
  const keys = await made;
  setDefaultCACertificates([...getCACertificates('default'), keys.cert]);
  return keys;
}

/** The same without anybody believing it. @param until its last moment; a year from now unless given */
export async function makeKeys(names: string[], until?: Date): Promise<ServerKeys> {
  const made = await generate([{ name: 'commonName', value: names[0]! }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    ...(until && { notBeforeDate: new Date(until.getTime() - 86_400_000), notAfterDate: until }),
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
