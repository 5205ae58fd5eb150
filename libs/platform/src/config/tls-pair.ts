import { createPrivateKey, X509Certificate } from 'node:crypto';

export interface TlsPair {
  cert: string;
  key: string;
}

/** Which half of a pair is no PEM, or that they are no pair; null: it can be served with. */
export function pairProblem({ cert, key }: TlsPair): 'certificate' | 'key' | 'pair' | null {
  const certificate = parsed(() => new X509Certificate(cert));
  if (certificate === null) return 'certificate';
  const privateKey = parsed(() => createPrivateKey(key));
  if (privateKey === null) return 'key';
  return certificate.checkPrivateKey(privateKey) ? null : 'pair';
}

function parsed<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    return null;
  }
}
