import { ApiProperty } from '@nestjs/swagger';
import { PrivilegeSchema } from '../openapi/privilege-schema.js';

const TOKEN = 'q83vEjRWeJCrze8SNFZ4kKvN7xI0VniQq83vEjRWeJCrze8SNFZ4kKvN7xI0VniQ';

export class SignedInUser {
  @ApiProperty({ example: 'admin' })
  name!: string;

  @ApiProperty({ description: 'A second factor is owed before anything else.', example: false })
  needTwoFactorAuth!: boolean;

  @ApiProperty({ description: 'Always false: there is no LogServer.', example: false })
  canAccessAuditLogs!: boolean;

  @ApiProperty({ type: [PrivilegeSchema], description: 'Empty before authorization.' })
  privileges!: PrivilegeSchema[];
}

/** Answer of `/authentication` and `/authentication/otp`: an AdminClaims token (appgate.md §2.3). */
export class AuthenticationAnswer {
  @ApiProperty({ type: SignedInUser })
  user!: SignedInUser;

  @ApiProperty({ description: '48 random bytes in standard base64.', example: TOKEN })
  token!: string;

  @ApiProperty({
    format: 'date-time',
    description: 'The end of the session.',
    example: '2026-02-01T15:07:04.451Z',
  })
  expires!: string;
}

/** Answer of `/authorization` and `/login`: an Administration token (appgate.md §2.6). */
export class AuthorizationAnswer extends AuthenticationAnswer {
  @ApiProperty({ required: false, example: 'Welcome' })
  messageOfTheDay?: string;

  @ApiProperty({ description: 'Always false: there is no certificate service.', example: false })
  crlEnabled!: boolean;
}

/** Answer of `/authentication/otp/initialize` (appgate.md §2.4); fields that do not belong to the type are omitted. */
export class InitializeAnswer {
  @ApiProperty({ enum: ['Secret', 'AlreadySeeded', 'Challenge', 'Push'], example: 'Secret' })
  type!: 'Secret' | 'AlreadySeeded' | 'Challenge' | 'Push';

  @ApiProperty({ enum: ['Masked', 'Numeric', 'Text'], example: 'Numeric' })
  inputType!: string;

  @ApiProperty({
    required: false,
    description: 'Base32, 160 bits.',
    example: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
  })
  secret?: string;

  @ApiProperty({ required: false, description: 'SHA-1, 6 digits, 30 seconds.' })
  otpAuthUrl?: string;

  @ApiProperty({ required: false, description: 'Base64 of a baseline JPEG: a QR code of otpAuthUrl.' })
  barcode?: string;

  @ApiProperty({
    required: false,
    description: 'Challenge: what the RADIUS server says to the person.',
    example: 'Enter the code we sent you',
  })
  responseMessage?: string;

  @ApiProperty({
    required: false,
    description: 'Challenge: base64. It is kept on the server; sent back, it must be this one.',
    example: 'c3RhdGU=',
  })
  state?: string;

  @ApiProperty({
    required: false,
    description: 'Challenge and Push: seconds the provider is waited for.',
    example: 6,
  })
  timeout?: number;

  @ApiProperty({
    required: false,
    description: 'Push: the next call takes the user’s password as `otp`.',
    example: false,
  })
  sendPassword?: boolean;
}
