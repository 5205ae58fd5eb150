import { ApiProperty } from '@nestjs/swagger';

export class NewMethodView {
  @ApiProperty({ format: 'uuid' })
  method_id!: string;
}

export class TotpMethodView {
  @ApiProperty({ example: 'Example Corp' })
  issuer!: string;

  @ApiProperty({ type: 'integer', example: 30 })
  period!: number;

  @ApiProperty({ type: 'integer', example: 6 })
  digits!: number;

  @ApiProperty({ type: 'integer', example: 1 })
  skew!: number;

  @ApiProperty({ type: 'integer', example: 20 })
  key_size!: number;

  @ApiProperty({ type: 'integer', example: 200 })
  qr_size!: number;

  @ApiProperty({ example: 'SHA1' })
  algorithm!: string;

  @ApiProperty({ type: 'integer', example: 5 })
  max_validation_attempts!: number;

  @ApiProperty({ example: false })
  enable_self_enrollment!: boolean;

  @ApiProperty({ example: '' })
  account_name!: string;

  @ApiProperty({ example: 'totp' })
  type!: string;

  @ApiProperty({ format: 'uuid' })
  id!: string;

  @ApiProperty({ example: 'work' })
  name!: string;

  @ApiProperty({ example: 'root' })
  namespace_id!: string;

  @ApiProperty({ example: '' })
  namespace_path!: string;
}

/** A new authenticator; shown this once. */
export class TotpSecretView {
  @ApiProperty({
    example:
      'otpauth://totp/Example%20Corp:alice?algorithm=SHA1&digits=6&issuer=Example%20Corp&period=30&secret=…',
  })
  url!: string;

  @ApiProperty({ description: 'Base64 of a PNG of the URL; empty where qr_size is 0.' })
  barcode!: string;
}
