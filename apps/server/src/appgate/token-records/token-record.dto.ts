import { ApiProperty } from '@nestjs/swagger';
import { DeviceAndUserSchema } from '../on-boarded-devices/device.dto.js';

/** Request of `PUT /token-records/revoked/by-dn/{DN}` (appgate.md §6.9); nothing in it decides anything. */
export class TokenRevocationFields {
  @ApiProperty({ required: false, description: 'Kept in the audit.', example: 'Triggered' })
  revocationReason?: string;

  @ApiProperty({
    required: false,
    type: 'integer',
    description: 'Without effect: tokens die at once.',
    example: 0,
  })
  delayMinutes?: number;

  @ApiProperty({ required: false, type: 'integer', description: 'Without effect.', example: 7 })
  tokensPerSecond?: number;
}

/** A token that was ended. */
export class TokenRecordAnswer extends DeviceAndUserSchema {
  @ApiProperty({ enum: ['adminclaims', 'administration'], example: 'administration' })
  tokenType!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  issued!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-02T03:07:04.451Z' })
  expires!: string;

  @ApiProperty({ example: true })
  revoked!: true;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T16:00:00Z' })
  revocationTime!: string;
}
