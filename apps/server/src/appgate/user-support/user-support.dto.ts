import { ApiProperty } from '@nestjs/swagger';
import { Text, Uuid } from '../validation/field.js';

export class ResetFields {
  @Text({
    required: true,
    max: 1024,
    pattern: /\S/,
    description: 'Remembered, and told to the owner.',
    example: 'telephone lost, known by voice',
  })
  reason!: string;
}

/** A code for its owner, shown this once. */
export class ActivationCodeAnswer {
  @ApiProperty({
    description: '256 random bits in base64url.',
    example: 'k1Vd0Z3rW9vQ8mYx2b7cJtL5sH4nP6aGfEiRuToXyZA',
  })
  code!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-02T15:07:04Z' })
  expires!: string;
}

/** A password of one's own, for a code. */
export class ActivationFields {
  @Text({ required: true, max: 1024, example: 'local' })
  providerName!: string;

  @Uuid({ required: true, description: 'Any UUID.', example: '4c07bc67-57ea-42dd-b702-c2d6c45419fc' })
  deviceId!: string;

  @Text({ required: true, max: 1024, example: 'jdoe' })
  username!: string;

  @Text({ required: true, max: 1024, secret: true, example: 'k1Vd0Z3rW9vQ8mYx2b7cJtL5sH4nP6aGfEiRuToXyZA' })
  code!: string;

  @Text({ required: true, max: 1024, secret: true, example: 'seven quiet harbours at dawn' })
  newPassword!: string;
}
