import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import { DevicesService, GlobalSettingsService } from '@sallyport/identity';
import type { Transaction } from '@sallyport/platform';
import { type Token, TokensService } from '@sallyport/tokens';
import { NO_DEVICE } from './admin-session.js';
import type { Finisher } from './finish.service.js';

/** Seconds without use after which a full token is dead (S34). */
const IDLE = 3_600;

/** The session a full token of `/admin` belongs to. */
export interface TokenSession {
  deviceId: string;
  sessionId: string;
  /** The token of `/v1` it hangs from. */
  parent: string | null;
  /** An end that stands already. */
  endsBy: Date | null;
  /** When the password was right; null: not known (S61). */
  passwordProvenAt: Date | null;
}

/** Issues the full tokens of `/admin` (contract appgate.md §2.1, §2.6). */
@Injectable()
export class AdminTokensService {
  constructor(
    private readonly devices: DevicesService,
    private readonly settings: GlobalSettingsService,
    private readonly tokens: TokensService,
  ) {}

  /** For somebody who was judged in this transaction (S37). @returns the secret, which is shown once. */
  async issue(
    tx: Transaction,
    finisher: Finisher,
    { deviceId, sessionId, parent, endsBy, passwordProvenAt }: TokenSession,
    actor: Actor,
  ): Promise<{ secret: string; token: Token }> {
    await this.devices.see(tx, finisher.accountId, deviceId || NO_DEVICE);
    return this.tokens.issue(
      tx,
      {
        origin: 'appgate',
        principalId: finisher.principalId,
        accountId: finisher.accountId,
        localUserId: finisher.localUserId,
        mountId: null,
        sessionId,
        parentId: parent,
        deviceId: deviceId || NO_DEVICE,
        policies: [],
        factors: finisher.factors,
        metadata: null,
        path: '/admin/authorization',
        displayName: 'Administration',
        orphan: parent === null,
        renewable: false,
        ttl: await this.settings.sessionLife(tx),
        endsBy,
        idleSeconds: IDLE,
        clientAddress: actor.clientAddress ?? '',
        passwordProvenAt,
      },
      actor,
    );
  }
}
