import { Flag, Nested, NestedList, Text, TextList } from '../validation/field.js';
import { NamedObjectFields } from '../validation/named-object-fields.js';
import { ClientSettingsFields } from './client-settings.dto.js';

const ECHOED = { emptyIsAbsent: true } as const;
const MOST_ENTRIES = 10_000;

export class ProxyAutoConfigFields {
  @Flag({ ...ECHOED, default: false })
  enabled?: boolean;

  @Text(ECHOED)
  url?: string;

  @Flag(ECHOED)
  persist?: boolean;
}

export class TrustedNetworkCheckFields {
  @Flag({ ...ECHOED, default: false })
  enabled?: boolean;

  @Text(ECHOED)
  dnsSuffix?: string;
}

export class DnsSettingFields {
  @Text({ required: true, example: 'example.com' })
  domain!: string;

  @TextList({ required: true, example: ['192.0.2.53'] })
  servers!: string[];

  @Flag(ECHOED)
  registerTunIpsToActiveDirectory?: boolean;
}

export class ClientProfileSettingsFields {
  @Flag(ECHOED)
  enabled?: boolean;

  @TextList({ ...ECHOED, example: [] })
  profiles?: string[];

  @Flag({ ...ECHOED, default: false })
  force?: boolean;
}

/** What network clients read of a policy: stored and echoed, without effect here (appgate.md §1.5, §5.4). */
export class ClientPartFields extends NamedObjectFields {
  @TextList({ ...ECHOED, example: [] })
  entitlements?: string[];

  @TextList({ ...ECHOED, example: [] })
  entitlementLinks?: string[];

  @TextList({ ...ECHOED, example: [] })
  ringfenceRules?: string[];

  @TextList({ ...ECHOED, example: [] })
  ringfenceRuleLinks?: string[];

  @Flag({ ...ECHOED, description: 'True by default with type Device.' })
  tamperProofing?: boolean;

  @Text(ECHOED)
  overrideSite?: string;

  @Text(ECHOED)
  overrideSiteClaim?: string;

  @Flag({ ...ECHOED, default: false })
  overrideNearestSite?: boolean;

  @Flag({ ...ECHOED, default: false })
  applyFallbackSite?: boolean;

  @Flag({ ...ECHOED, default: false })
  blockLocalDnsRequests?: boolean;

  @Nested(() => ProxyAutoConfigFields, ECHOED)
  proxyAutoConfig?: ProxyAutoConfigFields;

  @Nested(() => TrustedNetworkCheckFields, ECHOED)
  trustedNetworkCheck?: TrustedNetworkCheckFields;

  @NestedList(() => DnsSettingFields, MOST_ENTRIES, ECHOED)
  dnsSettings?: DnsSettingFields[];

  @Nested(() => ClientProfileSettingsFields, ECHOED)
  clientProfileSettings?: ClientProfileSettingsFields;

  @Nested(() => ClientSettingsFields, { ...ECHOED, description: 'Always answered filled.' })
  clientSettings?: ClientSettingsFields;

  @Text(ECHOED)
  customClientHelpUrl?: string;
}

export const CLIENT_PART = [
  'entitlements',
  'entitlementLinks',
  'ringfenceRules',
  'ringfenceRuleLinks',
  'tamperProofing',
  'overrideSite',
  'overrideSiteClaim',
  'overrideNearestSite',
  'applyFallbackSite',
  'blockLocalDnsRequests',
  'proxyAutoConfig',
  'trustedNetworkCheck',
  'dnsSettings',
  'clientProfileSettings',
  'clientSettings',
  'customClientHelpUrl',
] as const satisfies (keyof ClientPartFields)[];

export type ClientPart = Pick<ClientPartFields, (typeof CLIENT_PART)[number]>;
