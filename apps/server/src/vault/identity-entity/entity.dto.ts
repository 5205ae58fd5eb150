import { ApiProperty } from '@nestjs/swagger';
import { nameProblem } from '@sallyport/identity';
import { Field, Rule } from '../wire/field.js';
import { MetadataField } from '../wire/metadata-field.js';

/** S80: no controls, bidi marks or invisible characters. */
export const isName = (kind: 'object' | 'user') => (value: unknown) =>
  value === '' || nameProblem(value as string, { kind }) === null;

/** An entity to create, or to change where id or name is known; absent fields keep their value. */
export class EntityFields {
  @Field.string({ description: 'Of an entity that exists.' })
  id?: string;

  @Field.string({ example: 'alice' })
  @Rule('name', isName('object'), 'invalid entity name')
  name?: string;

  @MetadataField({ example: { team: 'ops' } })
  metadata?: Record<string, string>;

  @Field.commaList({ description: 'ACL policies; never `root`.' })
  policies?: string[];

  @Field.bool({ description: 'Disabling stops the tokens of the entity at once.' })
  disabled?: boolean;
}

export class EntityIdFields {
  @Field.string()
  id!: string;
}

export class EntityNameFields {
  @Field.string()
  name!: string;
}

export class AliasView {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'uuid', description: 'The entity.' })
  canonical_id!: string;

  @ApiProperty({ example: 'alice' })
  name!: string;

  @ApiProperty({ example: 'auth_userpass_1f2e3d4c' })
  mount_accessor!: string;

  @ApiProperty({ example: 'userpass' })
  mount_type!: string;

  @ApiProperty({ example: 'auth/userpass/' })
  mount_path!: string;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: { type: 'string' }, example: null })
  metadata!: null;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: { type: 'string' } })
  custom_metadata!: Record<string, string> | null;

  @ApiProperty({ type: [String], nullable: true, example: null })
  merged_from_canonical_ids!: string[] | null;

  @ApiProperty({ example: false })
  local!: boolean;

  @ApiProperty({ format: 'date-time' })
  creation_time!: string;

  @ApiProperty({ format: 'date-time' })
  last_update_time!: string;
}

/** What is known of an authenticator; never its secret. */
export class AuthenticatorView {
  @ApiProperty({ format: 'uuid' })
  method_id!: string;

  @ApiProperty({ example: 'totp' })
  type!: string;

  @ApiProperty({ enum: ['bound', 'provisional', 'disabled'] })
  state!: string;

  @ApiProperty({ format: 'date-time' })
  created!: string;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  last_used!: string | null;

  @ApiProperty({ type: 'integer', example: 0 })
  consecutive_failures!: number;
}

export class EntityView {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'alice' })
  name!: string;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: { type: 'string' } })
  metadata!: Record<string, string> | null;

  @ApiProperty({ type: [String] })
  policies!: string[];

  @ApiProperty({ example: false })
  disabled!: boolean;

  @ApiProperty({ type: [AliasView] })
  aliases!: AliasView[];

  @ApiProperty({ type: [String] })
  direct_group_ids!: string[];

  @ApiProperty({ type: [String] })
  inherited_group_ids!: string[];

  @ApiProperty({ type: [String] })
  group_ids!: string[];

  @ApiProperty({ type: [String], nullable: true, example: null })
  merged_entity_ids!: string[] | null;

  @ApiProperty({ example: 'root' })
  namespace_id!: string;

  @ApiProperty({ format: 'date-time' })
  creation_time!: string;

  @ApiProperty({ format: 'date-time' })
  last_update_time!: string;

  @ApiProperty({ type: [AuthenticatorView], description: 'Our own addition.' })
  mfa_authenticators!: AuthenticatorView[];
}

export class NewEntityView {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'alice' })
  name!: string;

  @ApiProperty({ type: [AliasView], nullable: true, example: null })
  aliases!: null;
}

export class EntityListItem {
  @ApiProperty({ example: 'alice' })
  name!: string;

  @ApiProperty({ type: [AliasView] })
  aliases!: Pick<AliasView, 'id' | 'name' | 'mount_accessor' | 'mount_type' | 'mount_path'>[];
}
