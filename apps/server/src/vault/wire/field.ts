import { applyDecorators } from '@nestjs/common';
import { ApiProperty, ApiPropertyOptional, type ApiPropertyOptions } from '@nestjs/swagger';
import {
  Allow,
  IsArray,
  IsBoolean,
  IsInt,
  IsObject,
  IsOptional,
  IsString,
  ValidateBy,
  type ValidationOptions,
} from 'class-validator';
import { type FieldKind } from './coerce.js';

/** How one field of a DTO is read from the wire. */
export interface FieldRule {
  kind: FieldKind;
  /** A secret: hashed or compared, never stored, so any character is welcome (S02). */
  secret: boolean;
  /** The whole error text for a negative number, where the endpoint has one of its own. */
  negative?: string;
}

const FIELDS = Symbol('fields');

/** The fields a DTO class declares, inherited ones included. */
export function fieldsOf(dto: object): ReadonlyMap<string, FieldRule> {
  return (Reflect.getMetadata(FIELDS, dto) as Map<string, FieldRule> | undefined) ?? new Map();
}

export interface FieldOptions {
  description?: string;
  example?: unknown;
  required?: boolean;
  default?: unknown;
  secret?: boolean;
  negative?: string;
  enum?: string[];
  /** For `any`: what the documentation says it is. */
  schema?: Record<string, unknown>;
}

const CHECKS: Record<FieldKind, () => PropertyDecorator> = {
  string: () => IsString(),
  int: () => IsInt(),
  bool: () => IsBoolean(),
  duration: () => IsInt(),
  stringList: () => IsArray(),
  commaList: () => IsArray(),
  map: () => IsObject(),
  object: () => IsObject(),
  any: () => Allow(),
};

const SCHEMAS: Record<FieldKind, Record<string, unknown>> = {
  string: { type: 'string' },
  int: { type: 'integer', format: 'int32' },
  bool: { type: 'boolean' },
  duration: {
    oneOf: [
      { type: 'integer', description: 'seconds' },
      { type: 'string', example: '30s' },
    ],
  },
  stringList: { type: 'array', items: { type: 'string' } },
  commaList: {
    oneOf: [
      { type: 'array', items: { type: 'string' } },
      { type: 'string', example: 'a,b' },
    ],
  },
  map: { type: 'object', additionalProperties: { type: 'string' } },
  object: { type: 'object', additionalProperties: true },
  any: { type: 'object', additionalProperties: true },
};

function field(kind: FieldKind, options: FieldOptions): PropertyDecorator {
  const { secret = false, negative, required = false, schema = SCHEMAS[kind], ...described } = options;
  const docs = { ...schema, ...described, ...(secret ? { writeOnly: true } : {}) } as ApiPropertyOptions;
  const record: PropertyDecorator = (target, name) => {
    const rules = new Map(fieldsOf(target));
    rules.set(String(name), { kind, secret, ...(negative === undefined ? {} : { negative }) });
    Reflect.defineMetadata(FIELDS, rules, target);
  };
  const documented = required ? ApiProperty(docs) : ApiPropertyOptional(docs);
  return applyDecorators(record, ...(required ? [] : [IsOptional(), CHECKS[kind]()]), documented);
}

/** Declares a field of a request: what it holds (§2.5), and that its name is known to the endpoint. */
export const Field = {
  string: (options: FieldOptions = {}) => field('string', options),
  /** A password or code: any text, never changed. */
  secret: (options: FieldOptions = {}) => field('string', { ...options, secret: true }),
  int: (options: FieldOptions = {}) => field('int', options),
  bool: (options: FieldOptions = {}) => field('bool', options),
  /** Seconds. */
  duration: (options: FieldOptions = {}) => field('duration', options),
  stringList: (options: FieldOptions = {}) => field('stringList', options),
  commaList: (options: FieldOptions = {}) => field('commaList', options),
  map: (options: FieldOptions = {}) => field('map', options),
  object: (options: FieldOptions = {}) => field('object', options),
  any: (options: FieldOptions = {}) => field('any', options),
};

/** A rule of class-validator with the contract's own text. */
export function Rule(name: string, holds: (value: unknown) => boolean, message: string): PropertyDecorator {
  const options: ValidationOptions = { message };
  return ValidateBy({ name, validator: { validate: holds } }, options);
}

/** A field that must be sent, and not empty. */
export function Required(message: string): PropertyDecorator {
  return Rule('required', (value) => value !== undefined && value !== '', message);
}
