import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Field, Rule } from '../wire/field.js';
import { isRange } from '../wire/network.js';

const TYPES = ['', 'default', 'service'];
const negative = (field: string) => `'${field}' cannot be negative`;
const areRanges = (value: unknown) => (value as string[]).every(isRange);

/** A user to create or change; absent fields keep their value (§8). A legacy name loses to the new one. */
export class UserFields {
  @Field.string()
  username!: string;

  @Field.secret({ description: 'Required for a new user.' })
  password?: string;

  @Field.secret()
  @Rule('no-hash', () => false, 'password_hash is not supported')
  password_hash?: string;

  @Field.commaList()
  token_policies?: string[];

  @Field.duration({ description: 'Seconds.', negative: negative('token_ttl') })
  token_ttl?: number;

  @Field.duration({ description: 'Seconds.', negative: negative('token_max_ttl') })
  token_max_ttl?: number;

  @Field.duration({ description: 'Seconds.', negative: negative('token_explicit_max_ttl') })
  token_explicit_max_ttl?: number;

  @Field.duration({ description: 'Seconds.', negative: negative('token_period') })
  token_period?: number;

  @Field.int()
  @Rule('uses', (value) => (value as number) >= 0, negative('token_num_uses'))
  token_num_uses?: number;

  @Field.commaList({ description: 'Addresses or CIDR ranges.' })
  @Rule('ranges', areRanges, "'token_bound_cidrs' must be addresses or CIDR ranges")
  token_bound_cidrs?: string[];

  @Field.bool()
  token_no_default_policy?: boolean;

  @Field.string({ enum: TYPES })
  @Rule('type', (value) => TYPES.includes(value as string), "invalid 'token_type' value")
  @Rule('no-batch', (value) => !String(value).includes('batch'), 'batch tokens are not supported')
  token_type?: string;

  @Field.commaList({ description: 'The older name of token_policies.' })
  policies?: string[];

  @Field.duration({ description: 'The older name of token_ttl.', negative: negative('ttl') })
  ttl?: number;

  @Field.duration({ description: 'The older name of token_max_ttl.', negative: negative('max_ttl') })
  max_ttl?: number;

  @Field.commaList({ description: 'The older name of token_bound_cidrs.' })
  @Rule('ranges', areRanges, "'bound_cidrs' must be addresses or CIDR ranges")
  bound_cidrs?: string[];
}

export class UsernameFields {
  @Field.string()
  username!: string;
}

export class UserPasswordFields {
  @Field.string()
  username!: string;

  @Field.secret({ required: true })
  password?: string;
}

export class UserPoliciesFields {
  @Field.string()
  username!: string;

  @Field.commaList()
  token_policies?: string[];

  @Field.commaList({ description: 'The older name of token_policies.' })
  policies?: string[];
}

export class UserView {
  @ApiProperty({ type: [String] })
  token_policies!: string[];

  @ApiProperty({ type: 'integer', example: 0 })
  token_ttl!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  token_max_ttl!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  token_explicit_max_ttl!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  token_period!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  token_num_uses!: number;

  @ApiProperty({ type: [String] })
  token_bound_cidrs!: string[];

  @ApiProperty({ example: false })
  token_no_default_policy!: boolean;

  @ApiProperty({ example: 'default' })
  token_type!: string;

  @ApiPropertyOptional({ type: [String], description: 'Only where it was written under this name.' })
  policies?: string[];

  @ApiPropertyOptional({ type: 'integer' })
  ttl?: number;

  @ApiPropertyOptional({ type: 'integer' })
  max_ttl?: number;

  @ApiPropertyOptional({ type: [String] })
  bound_cidrs?: string[];
}
