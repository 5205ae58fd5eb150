import { ApiProperty } from '@nestjs/swagger';
import { UserDnList, Uuid } from '../validation/field.js';

/** Request of `PUT /admin-mfa-settings` (appgate.md §4.2): without a provider admin MFA is off. */
export class AdminMfaSettingsFields {
  @Uuid({ emptyIsAbsent: true, description: 'The MFA provider owed; null, absent or empty = none.' })
  providerId?: string;

  @UserDnList({
    description: 'Users who owe nothing; they need not exist.',
    example: ['CN=terraform,OU=local'],
  })
  exemptedUsers: string[] = [];
}

export class AdminMfaSettingsAnswer {
  @ApiProperty({
    type: String,
    format: 'uuid',
    nullable: true,
    example: 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401',
  })
  providerId!: string | null;

  @ApiProperty({ type: [String], example: ['CN=terraform,OU=local'] })
  exemptedUsers!: string[];
}
