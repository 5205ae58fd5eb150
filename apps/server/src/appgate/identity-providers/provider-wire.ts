import { defaultClaimMappings, type IdentityProvider, type IdentityProviderType } from '@sallyport/identity';
import type { ProviderInput } from '@sallyport/privileges';
import { readFields } from '../validation/read-fields.js';
import { readReplacement } from '../validation/read-replacement.js';
import { namedObjectAnswer } from '../wire/named-object-answer.js';
import * as dto from './provider.dto.js';

type Fields = dto.ProviderFields & Partial<dto.SignInProviderFields & dto.LocalDatabaseFields> & Secrets;
type Secrets = {
  sharedSecret?: string;
  adminPassword?: string;
  decryptionKey?: string;
  google?: { clientSecret?: string };
};

const SHAPES: Record<string, { whole: new () => dto.ProviderFields; made?: new () => dto.ProviderFields }> = {
  LocalDatabase: { whole: dto.LocalDatabaseFields },
  ServiceDatabase: { whole: dto.ServiceDatabaseFields },
  Connector: { whole: dto.ProviderFields },
  Radius: { whole: dto.RadiusFields, made: dto.NewRadiusFields },
  Ldap: { whole: dto.LdapFields, made: dto.NewLdapFields },
  LdapCertificate: { whole: dto.LdapCertificateFields, made: dto.NewLdapCertificateFields },
  Saml: { whole: dto.SamlFields, made: dto.NewSamlFields },
  Oidc: { whole: dto.OidcFields, made: dto.NewOidcFields },
};

/** Texts that count as absent when empty fall back to these. */
const TEXT_DEFAULTS: Record<string, Record<string, string>> = {
  Ldap: { usernameAttribute: 'sAMAccountName', membershipFilter: '(objectCategory=group)' },
  LdapCertificate: {
    usernameAttribute: 'sAMAccountName',
    membershipFilter: '(objectCategory=group)',
    certificateUserAttribute: 'userPrincipalName',
  },
  Oidc: { scope: 'openid profile email offline_access' },
};

/** The fields of a POST: its type selects the shape (appgate.md §5.3). @throws DomainError `invalid`. */
export function readNewProvider(body: unknown): ProviderInput {
  const { type } = body as { type?: unknown };
  const shape = typeof type === 'string' && Object.hasOwn(SHAPES, type) ? SHAPES[type] : undefined;
  return inputOf(readFields(shape?.made ?? dto.NewProviderFields, withoutEmptyBlock(body)));
}

/** The fields of a PUT: what the provider is selects the shape, since its type cannot change. @throws DomainError `invalid`. */
export function readProvider(before: IdentityProvider, body: unknown): ProviderInput {
  return inputOf(readReplacement(SHAPES[before.type]!.whole, withoutEmptyBlock(body), before.id));
}

/** A provider on the wire: what was set, over the defaults of its type. Secrets are never in it. */
export function providerAnswer(provider: IdentityProvider): dto.ProviderAnswer {
  const { type } = provider;
  const shape = new SHAPES[type]!.whole() as Partial<dto.LocalDatabaseFields>;
  const { notes: _, tags: __, ...defaults } = shape;
  const { adminProvider, userLockoutThreshold, userLockoutDurationMinutes, minPasswordLength } = provider;
  return {
    ...namedObjectAnswer(provider),
    type,
    ...TEXT_DEFAULTS[type],
    ...withoutSecrets(defaults as Secrets),
    ...provider.settings,
    ...(shape.adminProvider !== undefined && { adminProvider }),
    ...(shape.minPasswordLength !== undefined && {
      userLockoutThreshold,
      userLockoutDurationMinutes,
      minPasswordLength,
    }),
    claimMappings: provider.claimMappings,
    userScripts: provider.userScripts,
  };
}

function inputOf(fields: dto.ProviderFields): ProviderInput {
  const { id, name, notes, tags, type, claimMappings, userScripts, ...rest } = fields as Fields;
  const {
    adminProvider = false,
    userLockoutThreshold = 5,
    userLockoutDurationMinutes = 1,
    minPasswordLength = 0,
    ...settings
  } = rest;
  return {
    id,
    name,
    notes,
    tags,
    type: type as IdentityProviderType,
    adminProvider,
    userLockoutThreshold,
    userLockoutDurationMinutes,
    minPasswordLength,
    claimMappings: claimMappings ?? defaultClaimMappings(type as IdentityProviderType),
    userScripts,
    settings: withoutSecrets(settings),
    secret: secretOf(settings),
  };
}

/** Each type has one at most; an empty one counts as absent. */
function secretOf({ sharedSecret, adminPassword, decryptionKey, google }: Secrets): string | undefined {
  return (sharedSecret ?? adminPassword ?? decryptionKey ?? google?.clientSecret) || undefined;
}

function withoutSecrets({
  sharedSecret: _,
  adminPassword: __,
  decryptionKey: ___,
  google,
  ...kept
}: Secrets): Record<string, unknown> {
  if (google === undefined) return kept;
  const { clientSecret: ____, ...shown } = google;
  return { ...kept, google: shown };
}

/** Clients send `onBoarding2FA` without a provider where none is meant (appgate.md §1.5). */
function withoutEmptyBlock(body: unknown): unknown {
  const { onBoarding2FA, ...rest } = body as { onBoarding2FA?: { mfaProviderId?: unknown } | null };
  return onBoarding2FA?.mfaProviderId === '' ? rest : body;
}
