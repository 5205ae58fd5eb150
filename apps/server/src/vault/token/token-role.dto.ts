import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Field, Rule } from '../wire/field.js';
import { isRange } from '../wire/network.js';

const TYPES = ['', 'default', 'service', 'default-service'];
const negative = (field: string) => `'${field}' cannot be negative`;
const areRanges = (value: unknown) => (value as string[]).every(isRange);

export class RoleNameFields {
  @Field.string()
  name!: string;
}

/** A role to create or change; absent fields keep their value (§9). A legacy name loses to the new one. */
export class TokenRoleFields extends RoleNameFields {
  @Field.commaList({ description: 'Tokens may have these; without any wish they have all of them.' })
  allowed_policies?: string[];

  @Field.commaList({ description: 'Tokens may have none of these.' })
  disallowed_policies?: string[];

  @Field.commaList({ description: 'Patterns with `*`, beside allowed_policies.' })
  allowed_policies_glob?: string[];

  @Field.commaList({ description: 'Patterns with `*`, beside disallowed_policies.' })
  disallowed_policies_glob?: string[];

  @Field.commaList({ description: 'Users of `userpass/` tokens may be made for; patterns with `*`.' })
  allowed_entity_aliases?: string[];

  @Field.bool({ default: false })
  orphan?: boolean;

  @Field.bool({ default: true })
  renewable?: boolean;

  @Field.string({ description: "Appended to the tokens' path." })
  @Rule(
    'suffix',
    (value) => value === '' || /^\w[\w-]+\w$/.test(String(value)),
    'given role path suffix contains invalid characters; must match \\w[\\w-]+\\w',
  )
  path_suffix?: string;

  @Field.duration({ description: 'Seconds.', negative: negative('token_period') })
  token_period?: number;

  @Field.duration({ description: 'Seconds.', negative: negative('token_explicit_max_ttl') })
  token_explicit_max_ttl?: number;

  @Field.commaList({ description: 'Addresses or CIDR ranges.' })
  @Rule('ranges', areRanges, "'token_bound_cidrs' must be addresses or CIDR ranges")
  token_bound_cidrs?: string[];

  @Field.bool({ default: false })
  token_no_default_policy?: boolean;

  @Field.int()
  @Rule('uses', (value) => (value as number) >= 0, negative('token_num_uses'))
  token_num_uses?: number;

  @Field.string({ enum: TYPES })
  @Rule('type', (value) => TYPES.includes(value as string), "invalid 'token_type' value")
  @Rule('no-batch', (value) => !String(value).includes('batch'), 'batch tokens are not supported')
  token_type?: string;

  @Field.duration({ description: 'The older name of token_period.', negative: negative('period') })
  period?: number;

  @Field.duration({
    description: 'The older name of token_explicit_max_ttl.',
    negative: negative('explicit_max_ttl'),
  })
  explicit_max_ttl?: number;

  @Field.commaList({ description: 'The older name of token_bound_cidrs.' })
  @Rule('ranges', areRanges, "'bound_cidrs' must be addresses or CIDR ranges")
  bound_cidrs?: string[];
}

/** A role as it is read; times in seconds. */
export class TokenRoleView {
  @ApiProperty()
  name!: string;

  @ApiProperty({ type: [String] })
  allowed_policies!: string[];

  @ApiProperty({ type: [String] })
  disallowed_policies!: string[];

  @ApiProperty({ type: [String] })
  allowed_policies_glob!: string[];

  @ApiProperty({ type: [String] })
  disallowed_policies_glob!: string[];

  @ApiProperty({ type: [String] })
  allowed_entity_aliases!: string[];

  @ApiProperty()
  orphan!: boolean;

  @ApiProperty()
  renewable!: boolean;

  @ApiProperty()
  path_suffix!: string;

  @ApiProperty({ type: 'integer' })
  token_period!: number;

  @ApiProperty({
    type: 'integer',
    description: 'As token_period, where this older name was used; otherwise 0.',
  })
  period!: number;

  @ApiProperty({ type: 'integer' })
  token_explicit_max_ttl!: number;

  @ApiProperty({
    type: 'integer',
    description: 'As token_explicit_max_ttl, where this older name was used; otherwise 0.',
  })
  explicit_max_ttl!: number;

  @ApiProperty()
  token_no_default_policy!: boolean;

  @ApiProperty({ example: 'default-service' })
  token_type!: string;

  @ApiPropertyOptional({ type: [String] })
  token_bound_cidrs?: string[];

  @ApiPropertyOptional({ type: [String] })
  bound_cidrs?: string[];

  @ApiPropertyOptional({ type: 'integer' })
  token_num_uses?: number;
}
