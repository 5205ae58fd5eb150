import { ApiProperty } from '@nestjs/swagger';
import { UserSchema } from '../otp-seeds/otp-seed.dto.js';
import { Text, UserDn } from '../validation/field.js';

/** Request of `POST /blacklist` (appgate.md §5.7). */
export class BlacklistFields {
  @UserDn({ required: true, description: 'The user need not exist.', example: 'CN=jdoe,OU=local' })
  userDistinguishedName!: string;

  @Text({ description: 'If sent, it must be the one in the DN.', example: 'jdoe' })
  username?: string;

  @Text({ description: 'If sent, it must be the one in the DN.', example: 'local' })
  providerName?: string;

  @Text({ max: 10_000, description: 'Free text.', example: 'left the company' })
  reason?: string;
}

/** A user who may not sign in; `reason` only where one was given. */
export class BlacklistedUserAnswer extends UserSchema {
  @ApiProperty({ required: false, example: 'left the company' })
  reason?: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  blacklistedAt!: string;
}
