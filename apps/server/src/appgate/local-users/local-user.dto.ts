import { ApiProperty } from '@nestjs/swagger';
import { NamedObjectSchema } from '../openapi/named-object-schema.js';
import { NamedObjectFields } from '../validation/named-object-fields.js';
import { Flag, Text, Time, Whole } from '../validation/field.js';

const MOST_FAILURES = 2_147_483_647;

/** A local user as PUT takes it (appgate.md §5.1): without a password the stored one stays. */
export class LocalUserFields extends NamedObjectFields {
  @Text({ required: true, name: 'user', example: 'jdoe' })
  declare name: string;

  @Text({ required: true, example: 'Jane' })
  firstName!: string;

  @Text({ required: true, example: 'Doe' })
  lastName!: string;

  @Text({ secret: true, description: 'Never answered.', example: 'correct horse battery staple' })
  password?: string;

  @Text({ example: 'jane.doe@example.com' })
  email?: string;

  @Text({ example: '+1-202-555-0172' })
  phone?: string;

  @Flag({ default: false })
  disabled: boolean = false;

  @Whole(0, MOST_FAILURES, { default: 0, description: 'Consecutive failures; feeds the limiter.' })
  failedLoginAttempts: number = 0;

  @Time({ description: 'Start of the present wait; feeds the limiter.' })
  lockStart?: Date;
}

/** A local user as POST takes it. */
export class NewLocalUserFields extends LocalUserFields {
  @Text({
    required: true,
    secret: true,
    description: 'Never answered.',
    example: 'correct horse battery staple',
  })
  declare password: string;
}

/** A local user as it is answered; `email`, `phone` and `lockStart` are omitted when unset. */
export class LocalUserAnswer extends NamedObjectSchema {
  @ApiProperty({ example: 'Jane' })
  firstName!: string;

  @ApiProperty({ example: 'Doe' })
  lastName!: string;

  @ApiProperty({ required: false, example: 'jane.doe@example.com' })
  email?: string;

  @ApiProperty({ required: false, example: '+1-202-555-0172' })
  phone?: string;

  @ApiProperty({ example: false })
  disabled!: boolean;

  @ApiProperty({ type: 'integer', example: 0 })
  failedLoginAttempts!: number;

  @ApiProperty({ required: false, format: 'date-time', example: '2020-04-27T09:51:03Z' })
  lockStart?: string;
}
