import { ApiProperty } from '@nestjs/swagger';

/** The `User` of lists by DN (appgate.md §1.6). */
export class UserSchema {
  @ApiProperty({ example: 'CN=jdoe,OU=local' })
  userDistinguishedName!: string;

  @ApiProperty({ example: 'jdoe' })
  username!: string;

  @ApiProperty({ example: 'local' })
  providerName!: string;
}

/** One user's seed (appgate.md §4.3). The secret is shown to nobody. */
export class OtpSeedAnswer extends UserSchema {
  @ApiProperty({ description: 'Has accepted at least one right code.', example: true })
  verified!: boolean;
}
