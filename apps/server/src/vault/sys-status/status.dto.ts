import { ApiProperty } from '@nestjs/swagger';

export class HealthAnswer {
  @ApiProperty({ example: true })
  initialized!: boolean;

  @ApiProperty({ description: 'True while the database is out of reach.', example: false })
  sealed!: boolean;

  @ApiProperty({ example: false })
  standby!: boolean;

  @ApiProperty({ example: false })
  performance_standby!: boolean;

  @ApiProperty({ example: 'disabled' })
  replication_performance_mode!: string;

  @ApiProperty({ example: 'disabled' })
  replication_dr_mode!: string;

  @ApiProperty({ type: 'integer', description: 'Unix seconds.', example: 1_763_700_000 })
  server_time_utc!: number;

  @ApiProperty({ example: '1.19.0' })
  version!: string;

  @ApiProperty({ example: false })
  enterprise!: boolean;

  @ApiProperty({ example: 'sallyport' })
  cluster_name!: string;

  @ApiProperty({ format: 'uuid' })
  cluster_id!: string;

  @ApiProperty({ type: 'integer', example: 0 })
  echo_duration_ms!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  clock_skew_ms!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  replication_primary_canary_age_ms!: number;

  @ApiProperty({ example: '0.1.0' })
  sallyport_version!: string;
}

export class SealStatusAnswer {
  @ApiProperty({ example: 'shamir' })
  type!: string;

  @ApiProperty({ example: true })
  initialized!: boolean;

  @ApiProperty({ example: false })
  sealed!: boolean;

  @ApiProperty({ type: 'integer', example: 1 })
  t!: number;

  @ApiProperty({ type: 'integer', example: 1 })
  n!: number;

  @ApiProperty({ type: 'integer', example: 0 })
  progress!: number;

  @ApiProperty({ example: '' })
  nonce!: string;

  @ApiProperty({ example: '1.19.0' })
  version!: string;

  @ApiProperty({ format: 'date-time' })
  build_date!: string;

  @ApiProperty({ example: false })
  migration!: boolean;

  @ApiProperty({ example: 'sallyport' })
  cluster_name!: string;

  @ApiProperty({ format: 'uuid' })
  cluster_id!: string;

  @ApiProperty({ example: false })
  recovery_seal!: boolean;

  @ApiProperty({ example: 'postgresql' })
  storage_type!: string;

  @ApiProperty({ example: '0.1.0' })
  sallyport_version!: string;
}

export class LeaderAnswer {
  @ApiProperty({ example: false })
  ha_enabled!: boolean;

  @ApiProperty({ example: false })
  is_self!: boolean;

  @ApiProperty({ example: '0001-01-01T00:00:00Z' })
  active_time!: string;

  @ApiProperty({ example: '' })
  leader_address!: string;

  @ApiProperty({ example: '' })
  leader_cluster_address!: string;

  @ApiProperty({ example: false })
  performance_standby!: boolean;
}

export class InitAnswer {
  @ApiProperty({ example: true })
  initialized!: boolean;
}
