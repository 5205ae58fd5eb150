import { DomainError } from '@sallyport/platform';
import type { PingidConfig, PingidKey } from './pingid-config.js';

const KEYS = [
  'use_base64_key',
  'use_signature',
  'token',
  'idp_url',
  'org_alias',
  'admin_url',
  'authenticator_url',
] as const;

type FileKey = (typeof KEYS)[number];

export interface PingidSettings {
  config: Omit<PingidConfig, 'usernameFormat'>;
  secrets: Record<PingidKey, string>;
}

/**
 * Reads the file PingID's administration hands out: `#` comments and lines `key=value` (contract vault.md §5.3).
 * @param base64 the file as it is sent.
 * @throws DomainError `invalid` code `pingid-settings`; of the file it names a key at most, never a value.
 */
export function readPingidSettings(base64: string): PingidSettings {
  const packed = base64.replaceAll(/\s/g, '');
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(packed)) throw wrong('settings_file_base64 is not base64');
  const found = new Map<FileKey, string>();
  for (const line of Buffer.from(packed, 'base64').toString().split('\n')) {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) continue;
    const at = text.indexOf('=');
    if (at < 1) throw wrong('pingid settings file has a line that is not key=value');
    found.set(knownKey(text.slice(0, at).trim()), text.slice(at + 1).trim());
  }
  const valueOf = (key: FileKey) => found.get(key) ?? '';
  return {
    config: {
      useSignature: readFlag(valueOf('use_signature')),
      idpUrl: valueOf('idp_url'),
      orgAlias: valueOf('org_alias'),
      adminUrl: valueOf('admin_url'),
      authenticatorUrl: valueOf('authenticator_url'),
    },
    secrets: { signingKey: valueOf('use_base64_key'), token: valueOf('token') },
  };
}

function knownKey(name: string): FileKey {
  const key = KEYS.find((candidate) => candidate === name);
  if (key === undefined) throw wrong(`unknown key ${JSON.stringify(name)} in pingid settings file`);
  return key;
}

function readFlag(text: string): boolean {
  if (!/^(|true|false)$/i.test(text))
    throw wrong('use_signature in pingid settings file is not true or false');
  return text.toLowerCase() === 'true';
}

function wrong(message: string): DomainError {
  return new DomainError('invalid', 'pingid-settings', message);
}
