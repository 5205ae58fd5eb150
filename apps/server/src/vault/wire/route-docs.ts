import { applyDecorators, type Type } from '@nestjs/common';
import {
  ApiBody,
  ApiExtraModels,
  ApiOperation,
  ApiParam,
  ApiProperty,
  ApiResponse,
  getSchemaPath,
  type ApiResponseSchemaHost,
} from '@nestjs/swagger';

type Schema = ApiResponseSchemaHost['schema'];

/** Every error body of `/v1`. */
export class VaultErrors {
  @ApiProperty({ type: [String], example: ['permission denied'] })
  errors!: string[];
}

/** What every enveloped answer carries (§2.3). */
export class VaultEnvelope {
  @ApiProperty({ format: 'uuid' })
  request_id!: string;

  @ApiProperty({ example: '' })
  lease_id!: string;

  @ApiProperty({ example: false })
  renewable!: boolean;

  @ApiProperty({ type: 'integer', example: 0 })
  lease_duration!: number;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: true })
  data!: object | null;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: true })
  wrap_info!: object | null;

  @ApiProperty({ type: [String], nullable: true })
  warnings!: string[] | null;

  @ApiProperty({ type: 'object', nullable: true, additionalProperties: true })
  auth!: object | null;

  @ApiProperty({ enum: ['userpass', 'token', 'identity', 'system'] })
  mount_type!: string;
}

/** What the documentation says of one route. */
export interface RouteDescription {
  summary: string;
  description?: string;
  /** Path parts and what they are. */
  params?: Record<string, string>;
  body?: Type;
  /** The class of `data`, of `auth`, or of the whole answer where there is no envelope; none of them: 204. */
  data?: Type;
  list?: Type;
  auth?: Type;
  bare?: Type;
  /** An example of `data`, or of the bare answer. */
  example?: unknown;
  /** Also answers 204. */
  orNothing?: boolean;
  /** The errors by status: the exact texts. */
  refuses?: Record<number, string[]>;
  /** No token is needed. */
  open?: boolean;
}

/** Documents a route of `/v1`: summary, parameters, body, answers, error texts. PUT is the same as POST throughout. */
export function Describe(route: RouteDescription): MethodDecorator {
  return applyDecorators(
    ApiOperation({ summary: route.summary, description: route.description ?? '' }),
    ...Object.entries(route.params ?? {}).map(([name, description]) =>
      ApiParam({ name, description, schema: { type: 'string' } }),
    ),
    ...(route.body ? [ApiBody({ type: route.body })] : []),
    ...success(route),
    ...Object.entries(refusals(route)).map(([status, texts]) => refusal(Number(status), texts)),
  );
}

function success(route: RouteDescription): MethodDecorator[] {
  const model = route.data ?? route.list ?? route.auth ?? route.bare;
  const nothing = ApiResponse({ status: 204, description: 'Done; no body.' });
  if (model === undefined) return [nothing];
  const answer = ApiResponse({
    status: 200,
    description: 'Success.',
    content: {
      'application/json': {
        schema: schemaOf(route, model),
        ...(route.example === undefined ? {} : { example: exampleOf(route) }),
      },
    },
  });
  return [ApiExtraModels(VaultEnvelope, model), answer, ...(route.orNothing ? [nothing] : [])];
}

function schemaOf(route: RouteDescription, model: Type): Schema {
  const ref = { $ref: getSchemaPath(model) };
  if (route.bare) return ref;
  const part = route.list ? listOf(ref) : ref;
  const properties: Record<string, typeof part> = route.auth ? { auth: part } : { data: part };
  return { allOf: [{ $ref: getSchemaPath(VaultEnvelope) }, { type: 'object', properties }] };
}

function listOf(ref: { $ref: string }): NonNullable<Schema> {
  return {
    type: 'object',
    properties: {
      keys: { type: 'array', items: { type: 'string' } },
      key_info: { type: 'object', additionalProperties: ref },
    },
  };
}

function exampleOf({ example, bare, auth }: RouteDescription): unknown {
  if (bare) return example;
  return {
    request_id: '2b6f9c1e-5a0d-4a53-8f5a-9f7f0f6f2d11',
    lease_id: '',
    renewable: false,
    lease_duration: 0,
    data: auth ? null : example,
    wrap_info: null,
    warnings: null,
    auth: auth ? example : null,
    mount_type: 'identity',
  };
}

function refusals({ refuses = {}, open = false }: RouteDescription): Record<number, string[]> {
  if (open) return { ...refuses, 503: ['service unavailable'] };
  const denied = ['permission denied', '2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n'];
  return { ...refuses, 403: [...(refuses[403] ?? []), ...denied], 503: ['service unavailable'] };
}

function refusal(status: number, texts: string[]): MethodDecorator {
  const errors = texts.filter((text) => text !== '');
  return ApiResponse({
    status,
    description: texts.length > 1 ? 'One of the errors of the examples.' : 'Refused.',
    content: {
      'application/json': {
        schema: { $ref: getSchemaPath(VaultErrors) },
        examples: Object.fromEntries(
          texts.map((text, index) => [
            `error${index + 1}`,
            { value: { errors: errors.length && text ? [text] : [] } },
          ]),
        ),
      },
    },
  });
}
