import { ApiProperty } from '@nestjs/swagger';
import { Amount, DeviceDnList, Text, Uuid, Whole } from '../validation/field.js';

export const TOKEN_TYPES = ['Claims', 'AdminClaims', 'Entitlement', 'Administration'];

/** The `DeviceAndUser` of lists by DN (appgate.md §1.6). */
export class DeviceAndUserSchema {
  @ApiProperty({ example: 'CN=4c07bc6757ea42dd8702c2d6c45419fc,CN=jdoe,OU=local' })
  distinguishedName!: string;

  @ApiProperty({ format: 'uuid', example: '4c07bc67-57ea-42dd-8702-c2d6c45419fc' })
  deviceId!: string;

  @ApiProperty({ example: 'jdoe' })
  username!: string;

  @ApiProperty({ example: 'local' })
  providerName!: string;
}

/** A device administrators sign in from; it has no `hostname` (appgate.md §5.6). */
export class DeviceAnswer extends DeviceAndUserSchema {
  @ApiProperty({ enum: ['Client', 'Admin', 'Client/Admin'], example: 'Admin' })
  device_type!: 'Admin';

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  onBoardedAt!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  lastSeenAt!: string;
}

/** Request of `POST /on-boarded-devices/revoke-tokens` (appgate.md §5.6). */
export class RevocationFields {
  @Text({
    required: true,
    mayBeEmpty: true,
    description: 'A run of whole DN components at the start or end of device DNs; empty: every device.',
    example: 'OU=ldap',
  })
  distinguishedNameFilter!: string;

  @DeviceDnList({ description: 'Nothing but these devices; only with an empty filter.' })
  specificDistinguishedNames?: string[];

  @Uuid({ description: 'There are no sites: when given, nothing matches.' })
  siteId?: string;

  @Text({ oneOf: TOKEN_TYPES, anyCase: true, description: 'In any case; absent: all types.' })
  tokenType?: string;

  @Text({ max: 10_000, mayBeEmpty: true, description: 'Kept in the audit.' })
  revocationReason?: string;

  @Whole(0, 2_147_483_647, {
    default: 5,
    description: 'Concerns network clients: tokens of administrators die at once.',
  })
  delayMinutes: number = 5;

  @Amount(0, { default: 2, description: 'No effect here.' })
  devicesPerSecond: number = 2;
}

/** Answer of `POST /on-boarded-devices/reevaluate/{DN}`. */
export class ReevaluationAnswer {
  @ApiProperty({ type: [String], example: ['CN=4c07bc6757ea42dd8702c2d6c45419fc,CN=jdoe,OU=local'] })
  reevaluatedDistinguishedNames!: string[];
}
