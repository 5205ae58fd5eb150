import { ApiProperty } from '@nestjs/swagger';

const TYPES = ['boolean', 'string', 'number', 'date', 'list', 'dictionary'];

export class ClaimNameAnswer {
  @ApiProperty({ example: 'username' })
  claimName!: string;

  @ApiProperty({ enum: TYPES, example: 'string' })
  type!: string;

  @ApiProperty({ example: true })
  availableForPolicy!: boolean;
}

/** `GET /claims/names` (appgate.md §6.3). */
export class ClaimNamesAnswer {
  @ApiProperty({ type: [ClaimNameAnswer] })
  user!: ClaimNameAnswer[];

  @ApiProperty({ type: [ClaimNameAnswer] })
  device!: ClaimNameAnswer[];

  @ApiProperty({ type: [ClaimNameAnswer] })
  system!: ClaimNameAnswer[];

  @ApiProperty({ type: [ClaimNameAnswer], example: [] })
  onDemand!: ClaimNameAnswer[];

  @ApiProperty({ type: [ClaimNameAnswer], example: [] })
  ztpRiskRules!: ClaimNameAnswer[];
}
