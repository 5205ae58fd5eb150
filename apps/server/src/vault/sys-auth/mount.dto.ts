import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Field, Required, Rule } from '../wire/field.js';

export const VISIBILITIES = ['', 'hidden', 'unauth'];
export const TOKEN_TYPES = ['', 'default-service', 'service'];

/** `config` of a mount, as the CLI sends the whole struct. */
export class MountConfigFields {
  @Field.duration({ description: 'Seconds; 0: the system default of 768 h.' })
  default_lease_ttl = 0;

  @Field.duration({ description: 'Seconds; 0: the system default of 768 h.' })
  max_lease_ttl = 0;

  @Field.string({ enum: VISIBILITIES })
  @Rule('visibility', (value) => VISIBILITIES.includes(value as string), 'invalid listing_visibility')
  listing_visibility = '';

  @Field.string({ enum: TOKEN_TYPES })
  @Rule('token-type', (value) => TOKEN_TYPES.includes(value as string), "invalid value for 'token_type'")
  @Rule('no-batch', (value) => !String(value).includes('batch'), 'batch tokens are not supported')
  token_type = '';

  @Field.object({
    description: 'lockout_threshold, lockout_duration, lockout_counter_reset_duration, lockout_disable',
  })
  user_lockout_config?: Record<string, unknown>;
}

/** A mount to enable. What else clients send is accepted and means nothing here. */
export class EnableMountFields {
  @Field.string()
  path!: string;

  @Field.string({ required: true, example: 'userpass' })
  @Required('backend type must be specified as a string')
  type!: string;

  @Field.string()
  description = '';

  @Field.object({ description: 'default_lease_ttl, max_lease_ttl, listing_visibility, token_type' })
  config: Record<string, unknown> = {};

  @Field.bool()
  local?: boolean;

  @Field.bool()
  seal_wrap?: boolean;

  @Field.bool()
  external_entropy_access?: boolean;

  @Field.any()
  options?: unknown;

  @Field.string()
  plugin_name?: string;

  @Field.string()
  plugin_version?: string;
}

/** A path below `sys/auth/`. */
export class MountPathFields {
  @Field.string()
  path!: string;
}

export class MountConfigView {
  @ApiProperty({ type: 'integer', example: 0 })
  default_lease_ttl!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  max_lease_ttl!: number;

  @ApiProperty({ example: false })
  force_no_cache!: boolean;

  @ApiProperty({ example: 'default-service' })
  token_type!: string;

  @ApiPropertyOptional({ enum: VISIBILITIES })
  listing_visibility?: string;

  @ApiPropertyOptional({
    type: 'object',
    additionalProperties: true,
    example: {
      user_lockout_counter_reset_duration: 86_400,
      user_lockout_threshold: 5,
      user_lockout_duration: 900,
      user_lockout_disable: false,
    },
  })
  user_lockout_config?: object;
}

export class MountView {
  @ApiProperty({ example: 'userpass' })
  type!: string;

  @ApiProperty({ example: '' })
  description!: string;

  @ApiProperty({ example: 'auth_userpass_1f2e3d4c' })
  accessor!: string;

  @ApiProperty({ format: 'uuid' })
  uuid!: string;

  @ApiProperty({ example: false })
  local!: boolean;

  @ApiProperty({ example: false })
  seal_wrap!: boolean;

  @ApiProperty({ example: false })
  external_entropy_access!: boolean;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: true, example: null })
  options!: null;

  @ApiProperty({ example: '' })
  plugin_version!: string;

  @ApiProperty({ example: 'v1.19.0+builtin.vault' })
  running_plugin_version!: string;

  @ApiProperty({ example: '' })
  running_sha256!: string;

  @ApiProperty({ example: 'supported' })
  deprecation_status!: string;

  @ApiProperty({ type: MountConfigView })
  config!: MountConfigView;
}

/** No path has one. */
export class SecretMountsView {}

/** Mounts by path, each path with its trailing slash. */
export class MountTableView {
  @ApiProperty({ type: MountView })
  'token/'!: MountView;
}
