import { ApiProperty, IntersectionType, PickType } from '@nestjs/swagger';
import { POLICY_TYPES, type PolicyType } from '@sallyport/privileges';
import { NamedObjectSchema } from '../openapi/named-object-schema.js';
import { Flag, Text, UuidList } from '../validation/field.js';
import { CLIENT_PART, ClientPartFields } from './client-part.dto.js';

const LONGEST_EXPRESSION = 100_000;
const EXAMPLE = 'return claims.user.tags.indexOf("helpdesk") >= 0;';

/** A policy as POST and PUT take it (appgate.md §5.4). */
export class PolicyFields extends ClientPartFields {
  @Flag({ default: false })
  disabled: boolean = false;

  @Text({
    required: true,
    max: LONGEST_EXPRESSION,
    description: 'Body of a JavaScript function that returns true for the users the policy is for.',
    example: EXAMPLE,
  })
  expression!: string;

  @Text({ oneOf: POLICY_TYPES, default: 'Mixed', description: 'Only Admin and Mixed give roles.' })
  type: PolicyType = 'Mixed';

  @UuidList({ default: [], description: 'They must exist.', example: [] })
  administrativeRoles: string[] = [];
}

class PolicyCore extends NamedObjectSchema {
  @ApiProperty({ example: false })
  disabled!: boolean;

  @ApiProperty({ example: EXAMPLE })
  expression!: string;

  @ApiProperty({ enum: POLICY_TYPES, example: 'Admin' })
  type!: PolicyType;

  @ApiProperty({ type: [String], format: 'uuid', example: [] })
  administrativeRoles!: string[];
}

/** A policy as it is answered. */
export class PolicyAnswer extends IntersectionType(PolicyCore, PickType(ClientPartFields, CLIENT_PART)) {}
