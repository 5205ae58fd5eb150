import type { DataSource } from 'typeorm';
import { DomainError } from '../domain-error.js';
import { causeOf, isFileError, translateDatabaseError } from './database-errors.js';

/** Why a database could not be opened, and what mends it. */
export interface Unreached {
  message: string;
  remedy: string;
}

const TLS_CODES = /CERT|SIGNATURE|^ERR_(TLS|SSL|OSSL)/;
const NO_TLS = 'The server does not support SSL connections';

/** In words for the operator; null: it is nothing of the kind. */
export function unreached(error: unknown): Unreached | null {
  const cause = causeOf(error);
  const code = cause === null ? '' : ` (${cause})`;
  if (isFileError(error))
    return {
      message: `a file its URL names cannot be read${code}`,
      remedy: 'See sslrootcert, sslcert and sslkey in the URL.',
    };
  if (error instanceof Error && error.message === NO_TLS)
    return { message: 'it speaks no TLS', remedy: 'Set ssl = on in postgresql.conf, with a certificate.' };
  if (cause !== null && TLS_CODES.test(cause))
    return {
      message: `its TLS certificate is not accepted${code}`,
      remedy: 'See sslrootcert and the host name in the URL.',
    };
  const known = translateDatabaseError(error);
  if (!(known instanceof DomainError) || known.kind !== 'unavailable') return null;
  if (cause !== null && cause.startsWith('28'))
    return {
      message: `it does not let the role in${code}`,
      remedy: 'See the name and the password in the URL, and pg_hba.conf.',
    };
  if (cause === '3D000')
    return { message: `there is no such database${code}`, remedy: 'Create it, or name another one.' };
  if (cause === 'ENOTFOUND' || cause === 'EAI_AGAIN')
    return { message: `its host is not found${code}`, remedy: 'See the host in the URL, and DNS.' };
  return {
    message: `it does not answer${code}`,
    remedy: 'See that PostgreSQL runs and listens where the URL leads.',
  };
}

/**
 * Opens it. @param setting where its URL stands.
 * @throws DomainError `unavailable`, which says what to mend; what the driver throws otherwise.
 */
export async function openDataSource(dataSource: DataSource, setting: string): Promise<void> {
  try {
    await dataSource.initialize();
  } catch (error) {
    const why = unreached(error);
    if (why === null) throw error;
    const text = `${setting}: ${why.message}. ${why.remedy}`;
    throw new DomainError('unavailable', 'database-unreached', text, { retryAfter: 1 }, { cause: error });
  }
}
