import { canonicalName } from '@sallyport/identity';
import type { LegacyRoleField, TokenRole, TokenRoleValues } from '@sallyport/tokens';
import { policyNames } from '../wire/policy-names.js';
import type { TokenRoleFields, TokenRoleView } from './token-role.dto.js';

/** A role after a write: what is absent keeps its value. */
export function changedRole(before: TokenRoleValues, fields: TokenRoleFields): TokenRoleValues {
  const names = (sent: string[] | undefined) => sent && policyNames(sent);
  const wanted: Partial<TokenRoleValues> = {
    allowedPolicies: names(fields.allowed_policies),
    disallowedPolicies: names(fields.disallowed_policies),
    allowedPoliciesGlob: names(fields.allowed_policies_glob),
    disallowedPoliciesGlob: names(fields.disallowed_policies_glob),
    allowedEntityAliases: fields.allowed_entity_aliases?.map(canonicalName),
    orphan: fields.orphan,
    renewable: fields.renewable,
    pathSuffix: fields.path_suffix,
    period: fields.token_period ?? fields.period,
    explicitMaxTtl: fields.token_explicit_max_ttl ?? fields.explicit_max_ttl,
    boundCidrs: fields.token_bound_cidrs ?? fields.bound_cidrs,
    noDefaultPolicy: fields.token_no_default_policy,
    numUses: fields.token_num_uses,
    tokenType: fields.token_type === '' ? 'default-service' : fields.token_type,
    legacy: legacyNames(before.legacy, fields),
  };
  return {
    ...before,
    ...Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined)),
  };
}

/** The older names that are answered again: written last, and not overtaken by the new name. */
function legacyNames(before: readonly LegacyRoleField[], fields: TokenRoleFields): LegacyRoleField[] {
  const names: LegacyRoleField[] = ['period', 'explicit_max_ttl', 'bound_cidrs'];
  return names.filter((name) => {
    if (fields[`token_${name}`] !== undefined) return false;
    return fields[name] !== undefined || before.includes(name);
  });
}

/** A role as it is read (§9). */
export function roleView(role: TokenRole): TokenRoleView {
  const legacy = (name: LegacyRoleField) => role.legacy.includes(name);
  return {
    name: role.name,
    allowed_policies: role.allowedPolicies,
    disallowed_policies: role.disallowedPolicies,
    allowed_policies_glob: role.allowedPoliciesGlob,
    disallowed_policies_glob: role.disallowedPoliciesGlob,
    allowed_entity_aliases: role.allowedEntityAliases,
    orphan: role.orphan,
    renewable: role.renewable,
    path_suffix: role.pathSuffix,
    token_period: role.period,
    period: legacy('period') ? role.period : 0,
    token_explicit_max_ttl: role.explicitMaxTtl,
    explicit_max_ttl: legacy('explicit_max_ttl') ? role.explicitMaxTtl : 0,
    token_no_default_policy: role.noDefaultPolicy,
    token_type: role.tokenType,
    ...(role.boundCidrs.length === 0 ? {} : { token_bound_cidrs: role.boundCidrs }),
    ...(role.boundCidrs.length > 0 && legacy('bound_cidrs') ? { bound_cidrs: role.boundCidrs } : {}),
    ...(role.numUses === 0 ? {} : { token_num_uses: role.numUses }),
  };
}
