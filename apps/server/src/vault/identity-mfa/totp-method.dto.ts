import { DEFAULT_METHOD_ID } from '@sallyport/mfa-methods';
import type { ValidationArguments } from 'class-validator';
import { Field, Rule } from '../wire/field.js';
import { MethodNameField } from './method-name.field.js';

/** Texts that go into a QR code. */
const QR_TEXT = 255;

const isText = (value: unknown): value is string => typeof value === 'string';
const atLeast = (least: number) => (value: unknown) => (value as number) >= least;

/** A TOTP method (§5.2): rules are judged in this order, and on one field from the bottom up. */
export class TotpMethodFields {
  @Field.string()
  method_id?: string;

  @Field.string({ default: 'SHA1', enum: ['SHA1', 'SHA256', 'SHA512'] })
  @Rule(
    'algorithm',
    (value) => ['SHA1', 'SHA256', 'SHA512'].includes(value as string),
    'unrecognized algorithm',
  )
  algorithm: string = 'SHA1';

  @Field.int({ default: 6, description: '6 or 8' })
  @Rule('digits', (value) => value === 6 || value === 8, 'digits can only be 6 or 8')
  digits: number = 6;

  @Field.duration({ default: 30, description: 'Seconds, 1 to 60' })
  @Rule('period-most', (value) => (value as number) <= 60, 'period must be at most 60')
  @Rule('period-least', atLeast(1), 'period must be greater than zero')
  period: number = 30;

  @Field.int({ default: 1, description: 'Steps accepted on each side: 0 or 1' })
  @Rule('skew', (value) => value === 0 || value === 1, 'skew must be 0 or 1')
  skew: number = 1;

  @Field.int({ default: 20, description: 'Bytes; a seed has at least 20 and at most 64' })
  @Rule('key-size', atLeast(1), 'key_size must be greater than zero')
  key_size: number = 20;

  @Field.string({ example: 'Example Corp' })
  @Rule(
    'issuer-length',
    (value) => isText(value) && value.length <= QR_TEXT,
    'issuer must be at most 255 characters',
  )
  @Rule('issuer', isIssuer, 'issuer must be set')
  issuer: string = '';

  @Field.int({ default: 5, description: 'Failures without a wait; 0 means 5, more than 10 counts as 10' })
  @Rule('attempts', atLeast(0), 'max_validation_attempts must be greater than zero')
  max_validation_attempts: number = 5;

  @Field.int({ default: 200, description: 'Pixels of the QR code; 0: none' })
  @Rule('qr-size', atLeast(0), 'qr_size must not be negative')
  qr_size: number = 200;

  @MethodNameField()
  method_name?: string;

  @Field.bool({ default: false, description: 'Whether a first authenticator may be made while one is owed.' })
  enable_self_enrollment: boolean = false;

  @Field.string({ default: '', description: 'Template of the account in the otpauth URL' })
  @Rule(
    'account-length',
    (value) => isText(value) && value.length <= QR_TEXT,
    'account_name must be at most 255 characters',
  )
  account_name: string = '';
}

/** The built-in method has an issuer of its own. */
function isIssuer(value: unknown, args?: ValidationArguments): boolean {
  return value !== '' || (args?.object as TotpMethodFields | undefined)?.method_id === DEFAULT_METHOD_ID;
}

export class MethodIdFields {
  @Field.string()
  method_id = '';
}

export class MethodTypeFields {
  @Field.string()
  type!: string;
}

export class TypedMethodFields {
  @Field.string()
  type!: string;

  @Field.string()
  method_id!: string;
}

export class MethodEntityFields {
  @Field.string({ required: true, description: 'The method.' })
  method_id = '';

  @Field.string({ required: true, description: 'The entity.' })
  entity_id = '';
}
