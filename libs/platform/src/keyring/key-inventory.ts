/** One kind of key, as the committed inventory names it (S71; `docs/keys.md` says the same). */
export interface KeyKind {
  name: string;
  algorithm: string;
  place: string;
  owner: string;
  /** Days after which it is due; null: it is not replaced by age. */
  days: number | null;
  rotation: string;
}

/** Every key the server holds. The table of `docs/keys.md` is compared with this by a test. */
export const KEY_INVENTORY: readonly KeyKind[] = [
  {
    name: 'master key',
    algorithm: 'AES-256-GCM',
    place: 'the file SALLYPORT_MASTER_KEY_FILE, never the database',
    owner: 'the operator',
    days: 730,
    rotation: '`keys add-master`, `keys rotate --master`, `keys drop-master`',
  },
  {
    name: 'data key',
    algorithm: 'AES-256-GCM',
    place: 'table data_keys, wrapped by the master key',
    owner: 'the server',
    days: 455,
    rotation:
      'by itself for new seals after 90 days or 2^30 seals; `keys rotate` for what is sealed, and it is gone',
  },
  {
    name: 'lookup key',
    algorithm: 'HMAC-SHA-256',
    place: 'installation.sealed_lookup_key, sealed by a data key',
    owner: 'the server',
    days: null,
    rotation: 'none: it only hides the names of nobody that are counted; sealed anew by `keys rotate`',
  },
  {
    name: 'audit key',
    algorithm: 'HMAC-SHA-256 for rows and seals, Ed25519 for checkpoints; the chain is SHA-256',
    place: 'audit_keys.sealed_key, sealed by a data key',
    owner: 'the server',
    days: null,
    rotation: 'none: rows are verified with it as long as they are kept; sealed anew by `keys rotate`',
  },
  {
    name: 'TLS key',
    algorithm: 'ECDSA P-256 where it is self-signed, else as given',
    place: 'TLS_KEY_FILE, or tls/key.pem in the data folder',
    owner: 'the operator',
    days: 820,
    rotation: 'self-signed: by a start in its last 30 days; a given one by whoever gives it',
  },
  {
    name: 'TOTP seed',
    algorithm: 'HMAC-SHA-1, -256 or -512, as the method says',
    place: 'totp_enrollments.sealed_seed and totp_resets.sealed_seed, sealed by a data key',
    owner: 'its person',
    days: null,
    rotation: 'bound anew: by its owner, or after a reset',
  },
  {
    name: 'RADIUS secret',
    algorithm: 'HMAC-MD5 and MD5, as RFC 2865 and RFC 3579 demand',
    place: 'mfa_methods.sealed_shared_secret and sealed_challenge_secret, sealed by a data key',
    owner: 'an administrator',
    days: null,
    rotation: 'with the RADIUS server',
  },
  {
    name: 'push service key',
    algorithm: 'HMAC-SHA-1 or -512 (Duo), a bearer key (Okta), HMAC-SHA-256 (PingID)',
    place: 'mfa_methods.sealed_vendor_secrets, sealed by a data key',
    owner: 'an administrator',
    days: null,
    rotation: 'with the service',
  },
];
