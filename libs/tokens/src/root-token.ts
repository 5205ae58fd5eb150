import { randomUUID } from 'node:crypto';
import type { NewToken } from './token.js';

/** What the root token of `/v1` is: policies `root`, no person, no end (contract vault.md §1.10, §9). */
export function newRootToken(): NewToken {
  return {
    origin: 'vault',
    principalId: null,
    accountId: null,
    localUserId: null,
    mountId: null,
    sessionId: randomUUID(),
    policies: ['root'],
    factors: [],
    metadata: null,
    path: 'auth/token/root',
    displayName: 'root',
    orphan: true,
    renewable: false,
    ttl: null,
    clientAddress: '',
  };
}
