import { ApiProperty } from '@nestjs/swagger';
import type { Authenticator, TotpKey } from '@sallyport/mfa-methods';
import type { Listing } from '../lists/list-request.js';
import { Text } from '../validation/field.js';
import { wireTime } from '../wire/wire-time.js';

export const AUTHENTICATOR_LISTING: Listing = {
  orders: ['name', 'type', 'created', 'lastUsed'],
  filters: ['name', 'type'],
  orderBy: 'name',
};

export class AuthenticatorNameFields {
  @Text({ required: true, max: 255, example: 'my telephone' })
  name!: string;
}

export class CodeFields {
  @Text({
    required: true,
    max: 1024,
    secret: true,
    description: 'Counted like a code of a sign-in.',
    example: '287082',
  })
  code!: string;
}

/** A bound authenticator. Its secret is shown to nobody. */
export class AuthenticatorAnswer {
  @ApiProperty({ format: 'uuid', example: '6f0a9d7d-8f11-4c7e-9d0e-0f4fdd9c3a8e' })
  id!: string;

  @ApiProperty({ description: 'What its owner calls it.', example: 'my telephone' })
  name!: string;

  @ApiProperty({ example: 'totp' })
  type!: string;

  @ApiProperty({ format: 'uuid', example: 'b6f3c1d2-7a54-4e0b-9c8e-2f1d6a90e401' })
  methodId!: string;

  @ApiProperty({ example: 'default' })
  methodName!: string;

  @ApiProperty({ description: 'Has accepted at least one right code.', example: true })
  verified!: boolean;

  @ApiProperty({ description: 'Stopped by wrong codes until an administrator resets it.', example: false })
  disabled!: boolean;

  @ApiProperty({ format: 'date-time', example: '2026-02-01T15:07:04.451Z' })
  created!: string;

  @ApiProperty({ required: false, format: 'date-time', example: '2026-02-03T07:11:30Z' })
  lastUsed?: string;
}

/** The secret of the authenticator to come, shown this once. */
export class ReplacementAnswer {
  @ApiProperty({
    example: 'otpauth://totp/Sallyport:jdoe?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Sallyport',
  })
  otpAuthUrl!: string;

  @ApiProperty({
    description: 'Base64 of a PNG: a QR code of otpAuthUrl; empty where the method wants none.',
  })
  barcode!: string;
}

export function authenticatorAnswer(authenticator: Authenticator): AuthenticatorAnswer {
  const { id, name, type, methodId, methodName, disabled, verifiedAt, lastUsedAt } = authenticator;
  return {
    id,
    name,
    type,
    methodId,
    methodName,
    verified: verifiedAt !== null,
    disabled,
    created: wireTime(authenticator.boundAt),
    ...(lastUsedAt !== null && { lastUsed: wireTime(lastUsedAt) }),
  };
}

export function replacementAnswer({ url, barcode }: TotpKey): ReplacementAnswer {
  return { otpAuthUrl: url, barcode };
}
