import type { TokenSettings } from '@sallyport/identity';
import { policyNames } from '../wire/policy-names.js';
import { refuse } from '../wire/vault-error.js';
import type { UserFields, UserView } from './user.dto.js';

type Legacy = NonNullable<TokenSettings['legacy']>[number];

/** The settings after a write: what is absent keeps its value. Throws 400 for a ttl above its maximum. */
export function changedSettings(before: TokenSettings, fields: Partial<UserFields>): TokenSettings {
  const policies = fields.token_policies ?? fields.policies;
  const wanted: TokenSettings = {
    policies: policies && policyNames(policies),
    ttl: fields.token_ttl ?? fields.ttl,
    maxTtl: fields.token_max_ttl ?? fields.max_ttl,
    explicitMaxTtl: fields.token_explicit_max_ttl,
    period: fields.token_period,
    numUses: fields.token_num_uses,
    boundCidrs: fields.token_bound_cidrs ?? fields.bound_cidrs,
    noDefaultPolicy: fields.token_no_default_policy,
    type: fields.token_type as TokenSettings['type'],
    legacy: legacyNames(before.legacy ?? [], fields),
  };
  const after = {
    ...before,
    ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
  };
  if (after.maxTtl && (after.ttl ?? 0) > after.maxTtl) {
    throw refuse(400, "'token_ttl' cannot be greater than 'token_max_ttl'");
  }
  return after;
}

/** The older names that are answered again: written last, and not overtaken by the new name. */
function legacyNames(before: readonly Legacy[], fields: Partial<UserFields>): Legacy[] {
  const names: Legacy[] = ['policies', 'ttl', 'max_ttl', 'bound_cidrs'];
  return names.filter((name) => {
    if (fields[`token_${name}`] !== undefined) return false;
    return fields[name] !== undefined || before.includes(name);
  });
}

/** A user as it is read: every `token_*` field, never the password (§8). */
export function userView(settings: TokenSettings): UserView {
  const view: UserView = {
    token_policies: settings.policies ?? [],
    token_ttl: settings.ttl ?? 0,
    token_max_ttl: settings.maxTtl ?? 0,
    token_explicit_max_ttl: settings.explicitMaxTtl ?? 0,
    token_period: settings.period ?? 0,
    token_num_uses: settings.numUses ?? 0,
    token_bound_cidrs: settings.boundCidrs ?? [],
    token_no_default_policy: settings.noDefaultPolicy ?? false,
    token_type: settings.type || 'default',
  };
  const legacy = (settings.legacy ?? []).map((name) => [name, view[`token_${name}`]] as const);
  return { ...view, ...Object.fromEntries(legacy) };
}
