import {
  createParamDecorator,
  type ExecutionContext,
  Injectable,
  type PipeTransform,
  type ArgumentMetadata,
} from '@nestjs/common';
import { validateSync } from 'class-validator';
import type { FastifyRequest } from 'fastify';
import { coerce, CoercionError } from './coerce.js';
import { type FieldRule, fieldsOf } from './field.js';
import { conversionError, refuse } from './vault-error.js';

type Raw = Record<string, unknown>;

/** What one request sent, by where it stood. */
interface SentFields {
  request: FastifyRequest;
  /** Body of a POST or PATCH; it alone earns warnings. */
  body: Raw;
  query: Raw;
  path: Raw;
}

/** Warnings about fields, said only where the answer has a body (§2.3). */
export const FIELD_WARNINGS = Symbol('field warnings');

declare module 'fastify' {
  interface FastifyRequest {
    [FIELD_WARNINGS]?: string[];
  }
}

const HAS_BODY = new Set(['POST', 'PATCH']);

function collect(request: FastifyRequest): SentFields {
  const path = (request.params ?? {}) as Raw;
  if (HAS_BODY.has(request.method)) return { request, body: (request.body ?? {}) as Raw, query: {}, path };
  return { request, body: {}, query: (request.query ?? {}) as Raw, path };
}

/**
 * Makes of the sent fields an object of the parameter's class: coerced (§2.5), then judged by its class-validator rules in
 * the order the class declares them; the first broken rule is the answer. Path parts win over body fields.
 */
@Injectable()
export class FieldsPipe implements PipeTransform<SentFields, object> {
  transform(sent: SentFields, { metatype }: ArgumentMetadata): object {
    const fields = metatype as new () => object;
    sent.request[FIELD_WARNINGS] = warnings(sent, fieldsOf(fields.prototype as object));
    return readFields(fields, { ...sent.query, ...sent.body, ...sent.path });
  }
}

/** The same for a map inside the body. Throws 400 with the first broken rule's text. */
export function readFields<T extends object>(fields: new () => T, given: Raw): T {
  const dto = new fields();
  const rules = fieldsOf(dto);
  if (rules.size === 0) return dto;
  for (const [name, rule] of rules) {
    if (given[name] === undefined || given[name] === null) continue;
    (dto as Raw)[name] = read(name, rule, given[name]);
  }
  const [broken] = validateSync(dto, { stopAtFirstError: true, forbidUnknownValues: false });
  if (broken)
    throw refuse(400, Object.values(broken.constraints ?? {})[0] ?? `${broken.property} is not valid`);
  return dto;
}

function read(name: string, rule: FieldRule, value: unknown): unknown {
  const held = attempt(name, rule, value);
  if (rule.kind === 'duration' && (held as number) < 0) {
    throw rule.negative === undefined
      ? conversionError(name, 'cannot be negative')
      : refuse(400, rule.negative);
  }
  if (!rule.secret && holdsNul(held)) throw conversionError(name, 'contains a NUL character');
  return held;
}

function attempt(name: string, rule: FieldRule, value: unknown): unknown {
  try {
    return coerce(rule.kind, value);
  } catch (error) {
    if (error instanceof CoercionError) throw conversionError(name, error.message);
    throw error;
  }
}

/** PostgreSQL text cannot hold it. */
function holdsNul(value: unknown): boolean {
  if (typeof value === 'string') return value.includes('\0');
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([key, item]) => key.includes('\0') || holdsNul(item));
}

function warnings({ body, path }: SentFields, rules: ReadonlyMap<string, FieldRule>): string[] {
  const names = Object.keys(body).sort();
  const replaced = names.filter((name) => Object.hasOwn(path, name));
  const unknown = names.filter((name) => !rules.has(name) && !Object.hasOwn(path, name));
  return [
    ...(unknown.length === 0
      ? []
      : [`Endpoint ignored these unrecognized parameters: [${unknown.join(' ')}]`]),
    ...(replaced.length === 0
      ? []
      : [
          "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: " +
            `[${replaced.join(' ')}]`,
        ]),
  ];
}

const Collected = createParamDecorator((_: unknown, context: ExecutionContext) =>
  collect(context.switchToHttp().getRequest<FastifyRequest>()),
);

/** The request's fields as an object of the parameter's class. */
export const Fields = (): ParameterDecorator => Collected(new FieldsPipe());
