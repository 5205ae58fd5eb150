import { ApiProperty } from '@nestjs/swagger';
import { DeviceAndUserSchema } from '../on-boarded-devices/device.dto.js';

/** Counts by hour of the last day, from `"0"` to `"23"`, UTC: nothing but numbers (appgate.md §6.8). */
export class HourlyAnswer {
  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: { 0: 0, 1: 3 } })
  data!: Record<string, number>;
}

/** A device with a live final token. */
export class ActiveSessionAnswer extends DeviceAndUserSchema {
  @ApiProperty({ type: [String], example: ['controller'] })
  gateways!: string[];
}

export class SessionDashboardAnswer {
  @ApiProperty({ type: 'integer', example: 3 })
  totalCount!: number;

  @ApiProperty({ type: 'array', items: { type: 'object' }, example: [] })
  geoIpData!: object[];

  @ApiProperty({ type: 'object', additionalProperties: { type: 'integer' }, example: {} })
  versions!: Record<string, number>;
}
