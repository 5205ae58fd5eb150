import { ApiProperty } from '@nestjs/swagger';
import { NamedObjectSchema } from '../openapi/named-object-schema.js';
import { Flag, Text, TextMap, Time, Whole } from '../validation/field.js';
import { NamedObjectFields } from '../validation/named-object-fields.js';

const MOST_FAILURES = 2_147_483_647;

/** A service user as PUT takes it (appgate.md §5.2): without a password the stored one stays. */
export class ServiceUserFields extends NamedObjectFields {
  @Text({ required: true, name: 'user', example: 'backup-job' })
  declare name: string;

  @Text({ secret: true, description: 'Never answered.', example: 'correct horse battery staple' })
  password?: string;

  @TextMap({
    mayBeEmpty: true,
    max: 10_000,
    default: {},
    description: 'Free labels.',
    example: { team: 'ops' },
  })
  labels: Record<string, string> = {};

  @Flag({ default: false })
  disabled: boolean = false;

  @Whole(0, MOST_FAILURES, { default: 0 })
  failedLoginAttempts: number = 0;

  @Time({})
  lockStart?: Date;
}

/** A service user as POST takes it. */
export class NewServiceUserFields extends ServiceUserFields {
  @Text({
    required: true,
    secret: true,
    description: 'Never answered.',
    example: 'correct horse battery staple',
  })
  declare password: string;
}

/** A service user as it is answered: `labels` always, `lockStart` only where set. */
export class ServiceUserAnswer extends NamedObjectSchema {
  @ApiProperty({ type: 'object', additionalProperties: { type: 'string' }, example: { team: 'ops' } })
  labels!: Record<string, string>;

  @ApiProperty({ example: false })
  disabled!: boolean;

  @ApiProperty({ type: 'integer', example: 0 })
  failedLoginAttempts!: number;

  @ApiProperty({ required: false, format: 'date-time', example: '2020-04-27T09:51:03Z' })
  lockStart?: string;
}
