import { readFile } from 'node:fs/promises';
import { type Config, ConfigError, dataFolderProblem, pairProblem } from '@sallyport/platform';
import type { ServerOptions } from './create-app.js';
import { ensureCertificate } from './front/self-signed-certificate.js';
import type { TlsKeys } from './front/listeners.js';

/**
 * The listeners a configuration asks for (appgate.md §1.1). Without a certificate of the operator's a self-signed one
 * is made in the data directory, or found there.
 * @throws ConfigError where a certificate or key cannot be read, or they are no pair.
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
  if (tlsCertFile === null || tlsKeyFile === null) return ownKeys(dataDirectory, publicHost, now);
  const [cert, key] = await Promise.all([
    read('TLS_CERT_FILE', tlsCertFile),
    read('TLS_KEY_FILE', tlsKeyFile),
  ]);
  switch (pairProblem({ cert, key })) {
    case 'certificate':
      throw refused('TLS_CERT_FILE', 'the file holds no PEM certificate');
    case 'key':
      throw refused('TLS_KEY_FILE', 'the file holds no PEM key without a passphrase');
    case 'pair':
      throw refused('TLS_KEY_FILE', 'the key does not belong to the certificate of TLS_CERT_FILE');
    case null:
      return { cert, key };
  }
}

/** The pair in the data folder. */
async function ownKeys(dataDirectory: string, publicHost: string, now: Date): Promise<TlsKeys> {
  try {
    return await ensureCertificate(dataDirectory, publicHost, now);
  } catch (error) {
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (syscall === undefined) throw error;
    const problem = dataFolderProblem(dataDirectory) ?? `tls/ in it can be neither read nor made (${code})`;
    throw refused('SALLYPORT_DATA_DIR', problem);
  }
}

async function read(setting: string, file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw refused(setting, `the file cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

function refused(setting: string, problem: string): ConfigError {
  return new ConfigError([{ setting, problem }]);
}
