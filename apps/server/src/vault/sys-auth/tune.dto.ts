import { ApiProperty, ApiPropertyOptional } from '@nestjs/swagger';
import { Field, Rule } from '../wire/field.js';
import { TOKEN_TYPES, VISIBILITIES } from './mount.dto.js';

const LEASE = 'Seconds or a duration such as `1h`; empty: unchanged; `system`: the system default of 768 h.';

/** `user_lockout_config` of a mount; the CLI sends text (§11). */
export class LockoutFields {
  @Field.string({ description: 'Failures without a wait; outside 3 to 10 the nearest counts.', example: '5' })
  lockout_threshold?: string;

  @Field.string({ description: 'The longest wait; the default is 900 s.', example: '15m' })
  lockout_duration?: string;

  @Field.string({
    description: 'The peace after which failures are forgotten; the default is 24 h.',
    example: '24h',
  })
  lockout_counter_reset_duration?: string;

  @Field.bool({ description: 'Stored and shown; it switches nothing off.' })
  lockout_disable?: boolean;
}

/** What may be tuned of a mount; what is absent stays. */
export class TuneFields {
  @Field.string()
  path!: string;

  @Field.string()
  description?: string;

  @Field.string({ description: LEASE, example: '1h' })
  default_lease_ttl?: string;

  @Field.string({ description: LEASE, example: '24h' })
  max_lease_ttl?: string;

  @Field.string({ enum: VISIBILITIES })
  @Rule('visibility', (value) => VISIBILITIES.includes(value as string), 'invalid listing_visibility')
  listing_visibility?: string;

  @Field.string({ enum: TOKEN_TYPES })
  @Rule('token-type', (value) => TOKEN_TYPES.includes(value as string), "invalid value for 'token_type'")
  @Rule('no-batch', (value) => !String(value).includes('batch'), 'batch tokens are not supported')
  token_type?: string;

  @Field.object({
    description: 'lockout_threshold, lockout_duration, lockout_counter_reset_duration, lockout_disable',
  })
  user_lockout_config?: Record<string, unknown>;

  @Field.string()
  user_lockout_threshold?: string;

  @Field.string()
  user_lockout_duration?: string;

  @Field.string()
  user_lockout_counter_reset_duration?: string;

  @Field.bool()
  user_lockout_disable?: boolean;

  @Field.bool({ description: 'Accepted; there is no cache.' })
  force_no_cache?: boolean;

  @Field.any({ description: 'Accepted and without effect.' })
  options?: unknown;
}

/** How a mount is tuned; the leases as they count, in seconds. */
export class TuneView {
  @ApiProperty({ example: '' })
  description!: string;

  @ApiProperty({ type: 'integer', example: 2_764_800 })
  default_lease_ttl!: number;

  @ApiProperty({ type: 'integer', example: 2_764_800 })
  max_lease_ttl!: number;

  @ApiProperty({ example: false })
  force_no_cache!: boolean;

  @ApiProperty({ example: 'default-service' })
  token_type!: string;

  @ApiPropertyOptional({ enum: VISIBILITIES })
  listing_visibility?: string;

  @ApiPropertyOptional({ type: 'integer', example: 5 })
  user_lockout_threshold?: number;

  @ApiPropertyOptional({ type: 'integer', example: 900 })
  user_lockout_duration?: number;

  @ApiPropertyOptional({ type: 'integer', example: 86_400 })
  user_lockout_counter_reset_duration?: number;

  @ApiPropertyOptional({ example: false })
  user_lockout_disable?: boolean;
}
