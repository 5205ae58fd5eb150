import { Column, Entity, PrimaryColumn } from 'typeorm';

/** The older names a role's values may have been written by; they are answered again. */
export type LegacyRoleField = 'period' | 'explicit_max_ttl' | 'bound_cidrs';

/** What tokens created by a role may be (contract vault.md §9); times in seconds, 0: none. */
@Entity('token_roles')
export class TokenRole {
  /** Canonical. */
  @PrimaryColumn('text')
  name!: string;

  @Column('text', { name: 'allowed_policies', array: true })
  allowedPolicies!: string[];

  @Column('text', { name: 'disallowed_policies', array: true })
  disallowedPolicies!: string[];

  @Column('text', { name: 'allowed_policies_glob', array: true })
  allowedPoliciesGlob!: string[];

  @Column('text', { name: 'disallowed_policies_glob', array: true })
  disallowedPoliciesGlob!: string[];

  /** Canonical; `*` at either end stands for anything. */
  @Column('text', { name: 'allowed_entity_aliases', array: true })
  allowedEntityAliases!: string[];

  @Column('boolean')
  orphan!: boolean;

  @Column('boolean')
  renewable!: boolean;

  @Column('text', { name: 'path_suffix' })
  pathSuffix!: string;

  @Column('integer')
  period!: number;

  @Column('integer', { name: 'explicit_max_ttl' })
  explicitMaxTtl!: number;

  @Column('text', { name: 'bound_cidrs', array: true })
  boundCidrs!: string[];

  @Column('boolean', { name: 'no_default_policy' })
  noDefaultPolicy!: boolean;

  @Column('integer', { name: 'num_uses' })
  numUses!: number;

  @Column('text', { name: 'token_type' })
  tokenType!: string;

  @Column('text', { array: true })
  legacy!: LegacyRoleField[];

  @Column('timestamptz', { name: 'created_at' })
  createdAt!: Date;

  @Column('timestamptz', { name: 'updated_at' })
  updatedAt!: Date;
}

/** What a role holds beside its name and its times. */
export type TokenRoleValues = Omit<TokenRole, 'name' | 'createdAt' | 'updatedAt'>;

export const NEW_ROLE: TokenRoleValues = {
  allowedPolicies: [],
  disallowedPolicies: [],
  allowedPoliciesGlob: [],
  disallowedPoliciesGlob: [],
  allowedEntityAliases: [],
  orphan: false,
  renewable: true,
  pathSuffix: '',
  period: 0,
  explicitMaxTtl: 0,
  boundCidrs: [],
  noDefaultPolicy: false,
  numUses: 0,
  tokenType: 'default-service',
  legacy: [],
};
