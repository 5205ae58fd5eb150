import { ApiProperty } from '@nestjs/swagger';

/** Answer of an introspection (RFC 7662 §2.2); of a token that is not active nothing else is said. */
export class IntrospectionAnswer {
  @ApiProperty()
  active!: boolean;

  @ApiProperty({
    required: false,
    description:
      'ACL policies of a token of `/v1`, administrative roles of one of `/admin`, separated by blanks.',
    example: 'default reports',
  })
  scope?: string;

  @ApiProperty({ required: false, description: 'Name its user signs in with.', example: 'jdoe' })
  username?: string;

  @ApiProperty({ required: false, example: 'Bearer' })
  token_type?: string;

  @ApiProperty({
    required: false,
    type: 'integer',
    description: 'Absent where it never ends.',
    example: 1795339200,
  })
  exp?: number;

  @ApiProperty({ required: false, type: 'integer', example: 1795296000 })
  iat?: number;

  @ApiProperty({ required: false, description: 'Id of the person.', format: 'uuid' })
  sub?: string;

  @ApiProperty({ required: false, description: 'The accessor.', example: 'f1RSo4pP0dQ9RLMvmCVZCVKs' })
  jti?: string;

  @ApiProperty({ required: false, description: 'Assurance level (RFC 9470).', enum: ['aal1', 'aal2'] })
  acr?: string;

  @ApiProperty({
    required: false,
    type: [String],
    description: 'How it was earned (RFC 8176).',
    example: ['pwd', 'otp', 'mfa'],
  })
  amr?: string[];

  @ApiProperty({
    required: false,
    type: 'integer',
    description: 'When its owner last proved something for it, where that is known.',
    example: 1795296000,
  })
  auth_time?: number;

  @ApiProperty({
    required: false,
    type: [String],
    description: 'It is good from these addresses only; whoever takes it must see to that.',
    example: ['192.0.2.0/24'],
  })
  bound_cidrs?: string[];
}
