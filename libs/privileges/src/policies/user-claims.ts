import type { StandingProvider, StandingUser } from '../standing.js';

/** Whose privileges are asked for, and what is known of the sign-in they act in. */
export interface Subject {
  localUserId: string;
  deviceId: string | null;
  clientAddress: string | null;
  /** When the sign-in began; null where there is none. */
  connectTime: Date | null;
}

/** What a policy expression sees (contract appgate.md §5.4): made anew for each evaluation. */
export function claimsOf(
  user: StandingUser,
  provider: StandingProvider,
  subject: Omit<Subject, 'localUserId'>,
) {
  return {
    user: {
      ...mappedClaims(user, provider),
      ag: { identityProviderId: provider.id, identityProviderName: provider.name },
      agScripted: {},
    },
    device: { deviceId: subject.deviceId },
    system: { clientSrcIP: subject.clientAddress, connectTime: subject.connectTime?.toISOString() ?? null },
  };
}

function mappedClaims(user: StandingUser, provider: StandingProvider): Record<string, unknown> {
  const attributes = attributesOf(user);
  const claims: Record<string, unknown> = {};
  for (const { attributeName, claimName, list } of provider.claimMappings) {
    const values = attributes[attributeName];
    if (values === undefined) continue;
    claims[claimName] = list ? values : values[0];
  }
  return claims;
}

/** The attributes of a local user, each a list of values. */
export function attributesOf(user: Omit<StandingUser, 'enabled'>): Record<string, string[] | undefined> {
  return {
    id: [user.id],
    username: [user.name],
    firstName: [user.firstName],
    lastName: [user.lastName],
    tags: user.tags,
    email: user.email === null ? undefined : [user.email],
    phone: user.phone === null ? undefined : [user.phone],
  };
}
