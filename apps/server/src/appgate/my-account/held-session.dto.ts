import { ApiProperty } from '@nestjs/swagger';
import type { HeldToken } from '@sallyport/tokens';
import type { Listing } from '../lists/list-request.js';
import { wireTime } from '../wire/wire-time.js';

export const SESSION_LISTING: Listing = {
  orders: ['issued', 'lastUsed', 'expires', 'clientAddress', 'accessor'],
  filters: ['accessor', 'clientAddress'],
  orderBy: 'issued',
  descending: true,
};

export class ProvenFactorAnswer {
  @ApiProperty({ example: 'totp' })
  type!: string;

  @ApiProperty({ format: 'uuid', example: 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401' })
  methodId!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  time!: string;
}

/** A live full token, named by its accessor, which opens nothing. */
export class HeldSessionAnswer {
  @ApiProperty({ example: 'Jd8yRNl7iKc0MVHqKfTTkQ5p' })
  accessor!: string;

  @ApiProperty({ enum: ['admin', 'vault'], description: 'Which dialect issued it.', example: 'admin' })
  dialect!: 'admin' | 'vault';

  @ApiProperty({ required: false, format: 'uuid', example: '4c07bc67-57ea-42dd-b702-c2d6c45419fc' })
  deviceId?: string;

  @ApiProperty({ example: '192.0.2.7' })
  clientAddress!: string;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  issued!: string;

  @ApiProperty({
    format: 'date-time',
    description: 'Written at most once a minute.',
    example: '2026-02-01T16:07:04.451Z',
  })
  lastUsed!: string;

  @ApiProperty({ required: false, format: 'date-time', example: '2026-02-02T03:07:04.451Z' })
  expires?: string;

  @ApiProperty({ type: [ProvenFactorAnswer] })
  factors!: ProvenFactorAnswer[];

  @ApiProperty({ type: 'integer', enum: [1, 2], description: '2: a second factor was proven.', example: 2 })
  assuranceLevel!: number;
}

/** The same to its owner. */
export class MySessionAnswer extends HeldSessionAnswer {
  @ApiProperty({ description: 'The session of this call.', example: true })
  current!: boolean;
}

export function heldSessionAnswer(held: HeldToken): HeldSessionAnswer {
  return {
    accessor: held.accessor,
    dialect: held.origin === 'appgate' ? 'admin' : 'vault',
    ...(held.deviceId !== null && { deviceId: held.deviceId }),
    clientAddress: held.clientAddress,
    issued: wireTime(held.issuedAt),
    lastUsed: wireTime(held.lastUsedAt),
    ...(held.expiresAt !== null && { expires: wireTime(held.expiresAt) }),
    factors: held.factors.map(({ type, methodId, time }) => ({ type, methodId, time })),
    assuranceLevel: held.assuranceLevel,
  };
}
