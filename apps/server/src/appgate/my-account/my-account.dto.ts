import { ApiProperty } from '@nestjs/swagger';
import { Text, Uuid } from '../validation/field.js';

/** What people say of themselves. Absent `email` and `phone` are taken away. */
export class ProfileFields {
  @Text({ required: true, max: 1024, example: 'Jane' })
  firstName!: string;

  @Text({ required: true, max: 1024, example: 'Doe' })
  lastName!: string;

  @Text({ max: 1024, description: 'A change takes a fresh proof.', example: 'jane.doe@example.com' })
  email?: string;

  @Text({ max: 1024, description: 'A change takes a fresh proof.', example: '+1-202-555-0172' })
  phone?: string;
}

/** The account of the caller. */
export class ProfileAnswer {
  @ApiProperty({ format: 'uuid', example: '4c07bc67-57ea-42dd-b702-c2d6c45419fc' })
  id!: string;

  @ApiProperty({ example: 'CN=jdoe,OU=local' })
  userDistinguishedName!: string;

  @ApiProperty({ example: 'jdoe' })
  username!: string;

  @ApiProperty({ example: 'local' })
  providerName!: string;

  @ApiProperty({ example: 'Jane' })
  firstName!: string;

  @ApiProperty({ example: 'Doe' })
  lastName!: string;

  @ApiProperty({ required: false, example: 'jane.doe@example.com' })
  email?: string;

  @ApiProperty({ required: false, example: '+1-202-555-0172' })
  phone?: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  created!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  updated!: string;
}

export class PasswordFields {
  @Text({
    required: true,
    max: 1024,
    secret: true,
    description: 'Counted like the password of a sign-in.',
    example: 'correct horse battery staple',
  })
  currentPassword!: string;

  @Text({
    required: true,
    max: 1024,
    secret: true,
    description: 'By the rules of the identity provider.',
    example: 'seven quiet harbours at dawn',
  })
  newPassword!: string;
}

/** The password, a code, or both; at least one. */
export class StepUpFields {
  @Text({ max: 1024, secret: true, example: 'correct horse battery staple' })
  password?: string;

  @Text({ max: 1024, secret: true, description: 'Of an authenticator.', example: '287082' })
  code?: string;

  @Uuid({
    description: 'Which authenticator shows the code; needed where there are several.',
    example: '6f0a9d7d-8f11-4c7e-9d0e-0f4fdd9c3a8e',
  })
  authenticatorId?: string;
}
