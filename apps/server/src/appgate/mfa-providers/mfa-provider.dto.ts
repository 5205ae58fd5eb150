import { ApiProperty } from '@nestjs/swagger';
import { NamedObjectSchema } from '../openapi/named-object-schema.js';
import { Flag, NotHeld, Text, TextList, Whole } from '../validation/field.js';
import { NamedObjectFields } from '../validation/named-object-fields.js';

const TYPES = ['Radius', 'DefaultTimeBased', 'Fido2'];
const INPUT_TYPES = ['Masked', 'Numeric', 'Text'];
const PROTOCOLS = ['PAP', 'CHAP'];
const MODES = ['OneFactor', 'Challenge', 'Push'];
const HOST = { max: 255, pattern: /^[^\s\u0000-\u001f\u007f-\u009f]+$/u };

/** What PUT takes of every MFA provider (appgate.md §4.1). */
export class MfaProviderFields extends NamedObjectFields {
  @Text({ required: true, oneOf: TYPES, description: 'May not change.', example: 'Radius' })
  type!: string;

  @Text({ oneOf: INPUT_TYPES, default: 'Masked' })
  inputType: string = 'Masked';
}

/** A built-in MFA provider as PUT takes it: it has nothing of a RADIUS one, and cannot get it. */
export class BuiltInMfaProviderFields extends MfaProviderFields {
  @NotHeld()
  hostnames?: never;

  @NotHeld()
  port?: never;

  @NotHeld()
  sharedSecret?: never;

  @NotHeld()
  authenticationProtocol?: never;

  @NotHeld()
  timeout?: never;

  @NotHeld()
  mode?: never;

  @NotHeld()
  useUserPassword?: never;

  @NotHeld()
  challengeSharedSecret?: never;
}

/** A RADIUS MFA provider as PUT takes it: without a secret the stored one stays. */
export class RadiusProviderFields extends MfaProviderFields {
  @TextList({
    required: true,
    filled: true,
    most: 20,
    ...HOST,
    description: 'One is picked for each sign-in.',
    example: ['radius.example.com'],
  })
  hostnames!: string[];

  @Whole(1, 65_535, { required: true, example: 1812 })
  port!: number;

  @Text({ secret: true, emptyIsAbsent: true, max: 1024, description: 'Never answered.' })
  sharedSecret?: string;

  @Text({ oneOf: PROTOCOLS, default: 'CHAP' })
  authenticationProtocol: string = 'CHAP';

  @Whole(1, 120, { default: 6, description: 'Seconds.' })
  timeout: number = 6;

  @Text({ oneOf: MODES, default: 'Challenge' })
  mode: string = 'Challenge';

  @Flag({ default: false, description: "The first request carries the user's password." })
  useUserPassword: boolean = false;

  @Text({
    secret: true,
    max: 1024,
    description: 'Never answered. Required on POST unless `useUserPassword` or mode OneFactor.',
  })
  challengeSharedSecret?: string;
}

/** An MFA provider as POST takes it. */
export class NewMfaProviderFields extends RadiusProviderFields {
  @Text({ required: true, oneOf: ['Radius'], example: 'Radius' })
  declare type: string;

  @Text({ required: true, secret: true, max: 1024, description: 'Never answered.' })
  declare sharedSecret: string;
}

/** Request of `POST /mfa-providers/test`: as for POST, the name optional. A stored secret is never used. */
export class MfaProviderTestFields extends NewMfaProviderFields {
  @Text({ name: 'object', example: 'example' })
  declare name: string;
}

/** An MFA provider as it is answered, never with a secret; of a built-in one only `type` and `inputType` beside the common fields. */
export class MfaProviderAnswer extends NamedObjectSchema {
  @ApiProperty({ enum: TYPES, example: 'Radius' })
  type!: string;

  @ApiProperty({ enum: INPUT_TYPES, example: 'Masked' })
  inputType!: string;

  @ApiProperty({ required: false, type: [String], example: ['radius.example.com'] })
  hostnames?: string[];

  @ApiProperty({ required: false, type: 'integer', example: 1812 })
  port?: number;

  @ApiProperty({ required: false, enum: PROTOCOLS, example: 'CHAP' })
  authenticationProtocol?: string;

  @ApiProperty({ required: false, type: 'integer', description: 'Seconds.', example: 6 })
  timeout?: number;

  @ApiProperty({ required: false, enum: MODES, example: 'Challenge' })
  mode?: string;

  @ApiProperty({ required: false, example: false })
  useUserPassword?: boolean;
}
