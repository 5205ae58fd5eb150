import { Injectable } from '@nestjs/common';
import type { Actor } from '@sallyport/audit';
import type { TokenSettings } from '@sallyport/identity';
import { DomainError, isWithin, type Transaction } from '@sallyport/platform';
import { MAX_TTL, type Token, TokensService } from '@sallyport/tokens';
import type { Finisher } from './finish.service.js';

/** Makes the token a login at `/v1` ends in, by the settings of the user and its mount (contract vault.md §8). */
@Injectable()
export class ServiceTokensService {
  constructor(private readonly tokens: TokensService) {}

  /** @throws DomainError `forbidden` code `source-address` where the user's tokens are bound to other addresses. */
  mustBeBoundTo({ boundCidrs }: TokenSettings, clientAddress: string | null): void {
    if (!isWithin(clientAddress, boundCidrs ?? []))
      throw new DomainError('forbidden', 'source-address', 'permission denied');
  }

  /** What user and mount say of the tokens of a login; null where one of them is gone. */
  async settingsOf(
    tx: Transaction,
    { localUserId }: Pick<Finisher, 'localUserId'>,
    mountId: string | null,
  ): Promise<LoginSettings | null> {
    const [row = null] = await tx.query<LoginSettings>(LOGIN_SETTINGS, [localUserId, mountId]);
    return row;
  }

  /** @throws DomainError `invalid` code `root-policy`: no login makes a root token. */
  async issueForLogin(
    tx: Transaction,
    finisher: Finisher,
    { name, settings, ...mount }: LoginSettings,
    { mountId, path, sessionId }: { mountId: string | null; path: string; sessionId: string },
    actor: Actor,
  ): Promise<{ secret: string; token: Token }> {
    const policies = policiesOf(settings);
    if (policies.includes('root'))
      throw new DomainError('invalid', 'root-policy', 'auth methods cannot create root tokens');
    return this.tokens.issue(
      tx,
      {
        origin: 'vault',
        principalId: finisher.principalId,
        accountId: finisher.accountId,
        localUserId: finisher.localUserId,
        mountId,
        sessionId,
        policies,
        factors: finisher.factors,
        metadata: { username: name },
        path,
        displayName: `${mount.path}-${name}`,
        usesLeft: settings.numUses || null,
        orphan: true,
        renewable: true,
        ttl: ttlOf(settings, mount),
        period: settings.period ?? 0,
        explicitMaxTtl: settings.explicitMaxTtl ?? 0,
        boundCidrs: settings.boundCidrs ?? [],
        clientAddress: actor.clientAddress ?? '',
      },
      actor,
    );
  }
}

/** What the user and its mount say of tokens. */
export interface LoginSettings extends MountLives {
  name: string;
  settings: TokenSettings;
  path: string;
}

/** Seconds; 0: not set. */
interface MountLives {
  defaultLeaseTtl: number;
  maxLeaseTtl: number;
}

const LOGIN_SETTINGS = `
  SELECT u.name_canonical AS name, u.token_settings AS settings, m.path, m.default_lease_ttl AS "defaultLeaseTtl", m.max_lease_ttl AS "maxLeaseTtl"
  FROM local_users u, auth_mounts m WHERE u.id = $1 AND m.id = $2`;

function policiesOf({ policies, noDefaultPolicy }: TokenSettings): string[] {
  const own = (policies ?? []).map((policy) => policy.trim().toLowerCase()).filter((policy) => policy !== '');
  return [...new Set([...(noDefaultPolicy ? [] : ['default']), ...own])].toSorted();
}

/** Seconds of a new token's life: the user's, else the mount's, else 768 h; never past any maximum that is set. */
function ttlOf(settings: TokenSettings, mount: MountLives): number {
  const wanted = settings.period || settings.ttl || mount.defaultLeaseTtl || MAX_TTL;
  const limits = [
    settings.maxTtl,
    settings.explicitMaxTtl,
    settings.period ? 0 : mount.maxLeaseTtl || MAX_TTL,
  ];
  return Math.min(wanted, ...limits.filter((limit): limit is number => limit !== undefined && limit > 0));
}
