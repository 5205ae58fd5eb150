import { isDeepStrictEqual } from 'node:util';
import type { ObjectValues, Policy, PolicyType } from '@sallyport/privileges';
import { namedObjectAnswer } from '../wire/named-object-answer.js';
import { CLIENT_PART, type ClientPart } from './client-part.dto.js';
import { CLIENT_SETTINGS_DEFAULTS } from './client-settings.dto.js';
import type { PolicyAnswer, PolicyFields } from './policy.dto.js';

/** A request's fields as the core takes them. */
export function policyValues(fields: PolicyFields): ObjectValues<Policy> {
  const { id, name, notes, tags, disabled, expression, type, administrativeRoles } = fields;
  return {
    ...(id !== undefined && { id }),
    name,
    notes,
    tags,
    disabled,
    expression,
    type,
    administrativeRoles,
    clientPart: keptClientPart(fields),
  };
}

/** A policy on the wire, defaults filled (appgate.md §5.4). */
export function policyAnswer(policy: Policy): PolicyAnswer {
  const { disabled, expression, type, administrativeRoles } = policy;
  return {
    ...namedObjectAnswer(policy),
    disabled,
    expression,
    type,
    administrativeRoles,
    ...(defaultsFor(type) as ClientPart),
    ...(policy.clientPart as ClientPart),
  };
}

/** Without what is the default: so a policy put back as it was read has not changed. */
function keptClientPart(fields: PolicyFields): Record<string, unknown> {
  const sent = plain(Object.fromEntries(CLIENT_PART.map((name) => [name, fields[name]]))) as ClientPart;
  const { proxyAutoConfig, trustedNetworkCheck, clientProfileSettings, clientSettings } = sent;
  const filled: ClientPart = {
    ...sent,
    ...(proxyAutoConfig && { proxyAutoConfig: { enabled: false, ...proxyAutoConfig } }),
    ...(trustedNetworkCheck && { trustedNetworkCheck: { enabled: false, ...trustedNetworkCheck } }),
    ...(clientProfileSettings && {
      clientProfileSettings: { profiles: [], force: false, ...clientProfileSettings },
    }),
    ...(clientSettings && { clientSettings: { ...CLIENT_SETTINGS_DEFAULTS, ...clientSettings } }),
  };
  const defaults = defaultsFor(fields.type);
  return Object.fromEntries(
    Object.entries(filled).filter(([name, value]) => !isDeepStrictEqual(value, defaults[name])),
  );
}

function defaultsFor(type: PolicyType): Record<string, unknown> {
  return {
    entitlements: [],
    entitlementLinks: [],
    ringfenceRules: [],
    ringfenceRuleLinks: [],
    tamperProofing: type === 'Device',
    overrideNearestSite: false,
    applyFallbackSite: false,
    blockLocalDnsRequests: false,
    dnsSettings: [],
    clientSettings: CLIENT_SETTINGS_DEFAULTS,
  };
}

/** Without the classes of the request's fields and what is absent. */
function plain(value: object): unknown {
  return JSON.parse(JSON.stringify(value));
}
