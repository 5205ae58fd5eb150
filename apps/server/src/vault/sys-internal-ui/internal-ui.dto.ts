import { ApiProperty } from '@nestjs/swagger';
import { Field } from '../wire/field.js';
import { MountView } from '../sys-auth/mount.dto.js';

export class UiMountFields {
  /** What follows `mounts/`, slashes included. */
  @Field.string()
  '*'?: string;
}

export class UiMountsView {
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'object', additionalProperties: true },
    description:
      'Auth mounts by path. Without a token only those with listing_visibility `unauth`: type, description, options.',
  })
  auth!: object;

  @ApiProperty({ type: 'object', additionalProperties: true, example: {} })
  secret!: object;
}

export class UiMountView extends MountView {
  @ApiProperty({ example: 'auth/userpass/' })
  path!: string;
}

export class ResultantAclView {
  @ApiProperty({ example: false })
  root!: boolean;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'object', additionalProperties: true },
    example: { 'auth/token/lookup-self': { capabilities: ['read'] } },
  })
  exact_paths!: object;

  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'object', additionalProperties: true },
    example: { 'identity/entity/': { capabilities: ['list', 'read'] } },
  })
  glob_paths!: object;
}
