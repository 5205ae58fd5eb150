import { ApiProperty } from '@nestjs/swagger';
import { nameProblem } from '@sallyport/identity';
import { Field, Rule } from '../wire/field.js';
import { MetadataField } from '../wire/metadata-field.js';

/** S80, as it is stored: without the blanks around it. */
const isGroupName = (value: unknown) => {
  const name = (value as string).trim();
  return name === '' || nameProblem(name, { kind: 'object' }) === null;
};

/** A group to create, or to change where id or name is known; absent fields keep their value. */
export class GroupFields {
  @Field.string({ description: 'Of a group that exists.' })
  id?: string;

  @Field.string({ example: 'ops', description: 'Default: `group_` and 8 hex digits.' })
  @Rule('name', (value) => value === undefined || isGroupName(value), 'invalid group name')
  name?: string;

  @Field.string({ enum: ['internal', 'external'], default: 'internal', description: 'Never changes.' })
  type?: string;

  @Field.commaList({ description: 'ACL policies of every member; never `root`.' })
  policies?: string[];

  @MetadataField({ example: { team: 'ops' } })
  metadata?: Record<string, string>;

  @Field.commaList({ description: 'The persons in it; not for an external group.' })
  member_entity_ids?: string[];

  @Field.commaList({ description: 'The groups in it; not for an external group.' })
  member_group_ids?: string[];
}

export class GroupIdFields {
  @Field.string()
  id!: string;
}

export class GroupNameFields {
  @Field.string()
  name!: string;
}

export class NewGroupView {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'ops' })
  name!: string;
}

export class GroupAliasView {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ format: 'uuid', description: 'The group.' })
  canonical_id!: string;

  @ApiProperty({ example: 'engineering' })
  name!: string;

  @ApiProperty({ example: 'auth_userpass_1f2e3d4c' })
  mount_accessor!: string;

  @ApiProperty({ example: 'userpass' })
  mount_type!: string;

  @ApiProperty({ example: 'auth/userpass/' })
  mount_path!: string;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: { type: 'string' }, example: null })
  metadata!: null;

  @ApiProperty({ type: [String], nullable: true, example: null })
  merged_from_canonical_ids!: null;

  @ApiProperty({ format: 'date-time' })
  creation_time!: string;

  @ApiProperty({ format: 'date-time' })
  last_update_time!: string;
}

export class GroupView {
  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'ops' })
  name!: string;

  @ApiProperty({ enum: ['internal', 'external'] })
  type!: string;

  @ApiProperty({ type: [String] })
  policies!: string[];

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: { type: 'string' } })
  metadata!: Record<string, string> | null;

  @ApiProperty({ type: [String] })
  member_entity_ids!: string[];

  @ApiProperty({ type: [String] })
  member_group_ids!: string[];

  @ApiProperty({ type: [String], description: 'The groups it is in.' })
  parent_group_ids!: string[];

  @ApiProperty({ type: GroupAliasView, description: 'Empty where it has none.' })
  alias!: GroupAliasView | Record<string, never>;

  @ApiProperty({ example: 'root' })
  namespace_id!: string;

  @ApiProperty({ type: 'integer', example: 1 })
  modify_index!: number;

  @ApiProperty({ format: 'date-time' })
  creation_time!: string;

  @ApiProperty({ format: 'date-time' })
  last_update_time!: string;
}

export class GroupListItem {
  @ApiProperty({ example: 'ops' })
  name!: string;

  @ApiProperty({ type: 'integer', example: 2 })
  num_member_entities!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  num_parent_groups!: number;

  @ApiProperty({ type: GroupAliasView, required: false })
  alias?: Pick<GroupAliasView, 'id' | 'name' | 'mount_accessor' | 'mount_type' | 'mount_path'>;
}
