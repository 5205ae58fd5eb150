import { readFile } from 'node:fs/promises';
import type { Config } from '@sallyport/platform';
import type { ServerOptions } from './create-app.js';
import { ensureCertificate } from './front/self-signed-certificate.js';
import type { TlsKeys } from './front/listeners.js';

/**
 * The listeners a configuration asks for (appgate.md §1.1). Without a certificate of the operator's a self-signed one
 * is made in the data directory, or found there.
 * @throws the file error when a configured certificate or key cannot be read.
 */
export async function serverOptions(config: Config, now: Date): Promise<ServerOptions> {
  const { host, port, tlsPort, trustedProxies } = config;
  const options: ServerOptions = { trustedProxies };
  if (port !== null) options.plain = { host, port };
  if (tlsPort !== null) options.tls = { host, port: tlsPort, ...(await keysOf(config, now)) };
  return options;
}

async function keysOf(
  { tlsCertFile, tlsKeyFile, dataDirectory, publicHost }: Config,
  now: Date,
): Promise<TlsKeys> {
  if (tlsCertFile === null || tlsKeyFile === null) return ensureCertificate(dataDirectory, publicHost, now);
  const [cert, key] = await Promise.all([readFile(tlsCertFile, 'utf8'), readFile(tlsKeyFile, 'utf8')]);
  return { cert, key };
}
