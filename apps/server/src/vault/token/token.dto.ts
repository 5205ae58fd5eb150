import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Field } from '../wire/field.js';

export class NoFields {}

export class TokenFields {
  @Field.secret({ required: true, description: 'The token to revoke.' })
  token = '';
}

export class LookUpFields {
  @Field.secret({ required: true, description: 'The token to look up.' })
  token = '';
}

export class AccessorFields {
  @Field.string({ description: 'The accessor of the token.' })
  accessor = '';
}

export class IncrementFields {
  @Field.duration({ description: 'Seconds; 0: as long as at first.' })
  increment = 0;
}

export class RenewFields extends IncrementFields {
  @Field.secret({ required: true, description: 'The token to renew.' })
  token = '';
}

export class RenewAccessorFields extends IncrementFields {
  @Field.string({ description: 'The accessor of the token.' })
  accessor = '';
}

export class CompletedFactorView {
  @ApiProperty({ format: 'uuid' })
  method_id!: string;

  @ApiProperty({ example: 'totp' })
  type!: string;

  @ApiProperty({ format: 'date-time' })
  time!: string;
}

/** A token as it is looked up (§9); times in seconds. */
export class TokenView {
  @ApiProperty({ example: 'hvs.…' })
  id!: string;

  @ApiProperty()
  accessor!: string;

  @ApiProperty({ type: [String], description: "The token's own policies." })
  policies!: string[];

  @ApiProperty({ example: 'auth/userpass/login/alice' })
  path!: string;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: { type: 'string' } })
  meta!: Record<string, string> | null;

  @ApiProperty({ example: 'userpass-alice' })
  display_name!: string;

  @ApiProperty({ type: 'integer', example: 0 })
  num_uses!: number;

  @ApiProperty({ example: true })
  orphan!: boolean;

  @ApiProperty({ type: 'integer', description: 'Unix seconds.' })
  creation_time!: number;

  @ApiProperty({ type: 'integer', example: 2_764_800 })
  creation_ttl!: number;

  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  expire_time!: string | null;

  @ApiProperty({ type: 'integer' })
  ttl!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  explicit_max_ttl!: number;

  @ApiProperty({ description: 'Empty for a token without a person.' })
  entity_id!: string;

  @ApiProperty({ example: 'service' })
  type!: string;

  @ApiProperty({ example: true })
  renewable!: boolean;

  @ApiProperty({ format: 'date-time' })
  issue_time!: string;

  @ApiPropertyOptional({ description: 'The role it was created by.' })
  role?: string;

  @ApiPropertyOptional({ type: 'integer' })
  period?: number;

  @ApiPropertyOptional({ type: [String] })
  bound_cidrs?: string[];

  @ApiPropertyOptional({ format: 'date-time' })
  last_renewal?: string;

  @ApiPropertyOptional({ type: 'integer', description: 'Unix seconds.' })
  last_renewal_time?: number;

  @ApiPropertyOptional({ type: [String] })
  identity_policies?: string[];

  @ApiProperty({ type: [CompletedFactorView], description: 'The completed factors; our own addition.' })
  mfa!: CompletedFactorView[];
}
