import { ApiProperty } from '@nestjs/swagger';

const CLAIMS = { type: 'object', additionalProperties: true } as const;

/** What a session on one device stands for; the parts of a network client are empty (appgate.md §6.8). */
export class SessionPart {
  @ApiProperty({ ...CLAIMS, example: { username: 'jdoe' } })
  userClaims!: object;

  @ApiProperty({ ...CLAIMS, example: { deviceId: '4c07bc67-57ea-42dd-8702-c2d6c45419fc' } })
  deviceClaims!: object;

  @ApiProperty({ ...CLAIMS, example: { clientSrcIP: '192.0.2.7' } })
  systemClaims!: object;

  @ApiProperty({ ...CLAIMS, example: {} })
  entitlementInfos!: object;

  @ApiProperty({ ...CLAIMS, example: {} })
  vpn!: object;

  @ApiProperty({ example: '' })
  site!: string;
}

export class SessionData {
  @ApiProperty({ type: SessionPart })
  controller!: SessionPart;
}

export class SessionInfoAnswer {
  @ApiProperty({ format: 'uuid', example: '4c07bc67-57ea-42dd-8702-c2d6c45419fc' })
  deviceId!: string;

  @ApiProperty({ example: 'jdoe' })
  username!: string;

  @ApiProperty({ example: 'local' })
  providerName!: string;

  @ApiProperty({ type: SessionData, description: 'Exactly one entry.' })
  data!: SessionData;
}
