import { ApiProperty, type ApiPropertyOptions } from '@nestjs/swagger';
import { Transform, Type } from 'class-transformer';
import { registerDecorator, ValidateNested, type ValidationArguments } from 'class-validator';
import { readTime } from '../wire/wire-time.js';
import {
  amountRule,
  deviceDnRule,
  flagRule,
  listRule,
  mapRule,
  objectRule,
  textRule,
  timeRule,
  userDnRule,
  uuidRule,
  wholeRule,
  type Problem,
  type Rule,
  type TextLimits,
} from './field-rules.js';

/** Name of the one constraint a field carries; `readFields` reads its problems. */
export const FIELD_RULE = 'fieldRule';
const FREE = 'freeField';

export interface FieldOptions {
  /** Missing and null are refused with `may not be null`. */
  required?: boolean;
  /** `""` counts as absent (the list in appgate.md §1.5). */
  emptyIsAbsent?: boolean;
  description?: string;
  example?: unknown;
  /** What the class's initial value is, for OpenAPI. */
  default?: unknown;
}

type Convert = (value: unknown) => unknown;

/**
 * A field of a request: what OpenAPI says of it, what is refused, and what the handler gets.
 * Every decorator below is this one with a rule.
 */
function field(
  schema: ApiPropertyOptions,
  rule: Rule,
  options: FieldOptions,
  convert?: Convert,
): PropertyDecorator {
  const { required = false, emptyIsAbsent = false } = options;
  const problems = (value: unknown): Problem[] => {
    if (value === undefined) return required ? [{ at: '', message: 'may not be null' }] : [];
    return emptyIsAbsent && value === '' ? [] : rule(value);
  };
  return (prototype, property) => {
    ApiProperty({ ...schema, ...told(options), required } as ApiPropertyOptions)(prototype, property);
    Transform(({ value }: { value: unknown }) => {
      if (emptyIsAbsent && value === '') return undefined;
      return convert && value !== undefined ? convert(value) : value;
    })(prototype, property);
    registerDecorator({
      name: FIELD_RULE,
      target: prototype.constructor,
      propertyName: property as string,
      validator: {
        validate: (value: unknown) => problems(value).length === 0,
        defaultMessage: (args?: ValidationArguments) => JSON.stringify(problems(args?.value)),
      },
    });
  };
}

/** A field of a body itself whose content is the sender's: of what is in it nothing is ours to leave out. */
function free(convert: Convert, decorate: PropertyDecorator): PropertyDecorator {
  return (prototype, property) => {
    decorate(prototype, property);
    Reflect.defineMetadata(FREE, convert, prototype, property);
  };
}

/** How the content of a free field is handed on; undefined of any other. */
export function freeField(type: new () => object, name: string): Convert | undefined {
  return Reflect.getMetadata(FREE, type.prototype as object, name) as Convert | undefined;
}

/** An object without those of its own fields that are null; anything else as it is. */
export function withoutOwnNulls<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).filter(([, content]) => content !== null)) as T;
}

/** What is said of a field beside its type. */
function told(options: FieldOptions): object {
  const { description, example, default: initial } = options;
  return Object.fromEntries(
    Object.entries({ description, example, default: initial }).filter(([, value]) => value !== undefined),
  );
}

/** A string. Only lengths, enum and pattern given are checked, and that it can be stored. */
export function Text(options: FieldOptions & TextLimits = {}): PropertyDecorator {
  const { min, oneOf, secret, mayBeEmpty, anyCase } = options;
  const asListed: Convert = (value) =>
    typeof value === 'string'
      ? (oneOf?.find((one) => one.toLowerCase() === value.toLowerCase()) ?? value)
      : value;
  const max = options.name ? 255 : options.max;
  const schema = {
    type: 'string',
    minLength: min ?? (options.emptyIsAbsent || mayBeEmpty ? undefined : 1),
    ...(max !== undefined && { maxLength: max }),
    ...(oneOf && { enum: [...oneOf] }),
    ...(options.pattern !== undefined && { pattern: options.pattern.source }),
    ...(secret && { format: 'password', writeOnly: true }),
  } as ApiPropertyOptions;
  return field(schema, textRule(options), options, anyCase ? asListed : undefined);
}

/** A UUID of any version, handed on in lower case. */
export function Uuid(options: FieldOptions = {}): PropertyDecorator {
  const lower: Convert = (value) => (typeof value === 'string' ? value.toLowerCase() : value);
  return field({ type: 'string', format: 'uuid' }, uuidRule, options, lower);
}

export function Flag(options: FieldOptions = {}): PropertyDecorator {
  return field({ type: 'boolean' }, flagRule, options);
}

/** An integer from `min` to `max`, both included. */
export function Whole(min: number, max: number, options: FieldOptions = {}): PropertyDecorator {
  return field({ type: 'integer', minimum: min, maximum: max }, wholeRule(min, max), options);
}

/** A number from `min` on. */
export function Amount(min: number, options: FieldOptions = {}): PropertyDecorator {
  return field({ type: 'number', minimum: min }, amountRule(min), options);
}

/** An RFC 3339 date-time, handed on as a `Date`. */
export function Time(options: FieldOptions = {}): PropertyDecorator {
  const read: Convert = (value) => (typeof value === 'string' ? (readTime(value) ?? value) : value);
  return field({ type: 'string', format: 'date-time' }, timeRule, options, read);
}

/** A list of strings, in the order given. `distinct` drops repetitions. */
export function TextList(
  options: FieldOptions &
    TextLimits & {
      distinct?: boolean;
      /** Elements at most, and at least one where `filled`. */ most?: number;
      filled?: boolean;
    } = {},
): PropertyDecorator {
  const { most, filled } = options;
  const ofElements = listRule(textRule(options), most);
  const rule: Rule = (value) =>
    filled && Array.isArray(value) && value.length === 0
      ? [{ at: '', message: 'may not be empty' }]
      : ofElements(value);
  const distinct: Convert = (value) => (rule(value).length === 0 ? [...new Set(value as string[])] : value);
  const items = {
    type: 'string',
    minLength: options.min ?? (options.mayBeEmpty ? undefined : 1),
    ...(options.max !== undefined && { maxLength: options.max }),
    ...(options.pattern !== undefined && { pattern: options.pattern.source }),
  };
  return field(
    { type: 'array', items, ...(most !== undefined && { maxItems: most }), ...(filled && { minItems: 1 }) },
    rule,
    options,
    options.distinct ? distinct : undefined,
  );
}

/** A list of UUIDs of any version, in the order given, handed on in lower case. */
export function UuidList(options: FieldOptions = {}): PropertyDecorator {
  const lower = (item: unknown) => (typeof item === 'string' ? item.toLowerCase() : item);
  const convert: Convert = (value) => (Array.isArray(value) ? value.map(lower) : value);
  const schema = { type: 'array', items: { type: 'string', format: 'uuid' } } as ApiPropertyOptions;
  return field(schema, listRule(uuidRule), options, convert);
}

/** What its object does not have: whatever it is to be is refused; `""` counts as absent. */
export function NotHeld(): PropertyDecorator {
  const refused: Rule = () => [{ at: '', message: 'may not be changed' }];
  return field({ type: 'object', additionalProperties: false }, refused, { emptyIsAbsent: true });
}

/** A user DN (appgate.md §1.6). */
export function UserDn(options: FieldOptions = {}): PropertyDecorator {
  return field({ type: 'string' }, userDnRule, options);
}

/** A list of device DNs (appgate.md §1.6). */
export function DeviceDnList(options: FieldOptions = {}): PropertyDecorator {
  const schema = { type: 'array', items: { type: 'string' } } as ApiPropertyOptions;
  return field(schema, listRule(deviceDnRule), options);
}

/** A list of user DNs (appgate.md §1.6). */
export function UserDnList(options: FieldOptions = {}): PropertyDecorator {
  const schema = { type: 'array', items: { type: 'string' } } as ApiPropertyOptions;
  return field(schema, listRule(userDnRule), options);
}

/** A map of texts under any names; a null one counts as missing. */
export function TextMap(options: FieldOptions & TextLimits = {}): PropertyDecorator {
  const schema = { type: 'object', additionalProperties: { type: 'string' } } as ApiPropertyOptions;
  return free(withoutOwnNulls, field(schema, mapRule(textRule(options)), options));
}

/** An object with fields of its own. */
export function Nested(type: () => new () => object, options: FieldOptions = {}): PropertyDecorator {
  return (prototype, property) => {
    // Swagger knows a lazy type by the function's name, which it gets here.
    field({ type: () => type() }, objectRule, options)(prototype, property);
    Type(type)(prototype, property);
    ValidateNested()(prototype, property);
  };
}

/** An object with any content, handed on as it was sent. */
export function AnyObject(options: FieldOptions = {}): PropertyDecorator {
  return free((value) => value, field({ type: 'object', additionalProperties: true }, objectRule, options));
}

/** A list of objects with fields of their own, at most `most`. */
export function NestedList(
  type: () => new () => object,
  most: number,
  options: FieldOptions = {},
): PropertyDecorator {
  return (prototype, property) => {
    field(
      { type: () => type(), isArray: true, maxItems: most },
      listRule(objectRule, most),
      options,
    )(prototype, property);
    Type(type)(prototype, property);
    ValidateNested({ each: true })(prototype, property);
  };
}
