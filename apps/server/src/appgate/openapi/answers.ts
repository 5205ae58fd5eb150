import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiHeader, ApiQuery, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { DomainError, type ErrorDetails, type ErrorKind } from '@sallyport/platform';
import { CURRENT_VERSION } from '../wire/accept-version.js';
import { ERROR_BODIES } from '../wire/error-bodies.js';
import type { Listing } from '../lists/list-request.js';
import {
  ErrorAnswer,
  FactorOwedAnswer,
  NotAcceptableAnswer,
  NotValidAnswer,
  UnauthorizedAnswer,
} from './error-answers.js';

type Model = new () => object;
type ErrorStatus = 400 | 401 | 403 | 404 | 405 | 406 | 409 | 412 | 413 | 422 | 429 | 500 | 503;

interface Refusal {
  kind: ErrorKind;
  model: Model;
  description: string;
  details?: ErrorDetails;
}

const REFUSALS: Record<ErrorStatus, Refusal> = {
  400: { kind: 'malformed', model: ErrorAnswer, description: 'The body is not JSON.' },
  401: {
    kind: 'unauthenticated',
    model: UnauthorizedAnswer,
    description: 'No valid token, or a proof that was refused.',
  },
  403: { kind: 'forbidden', model: ErrorAnswer, description: 'The caller may not do this.' },
  404: { kind: 'not-found', model: ErrorAnswer, description: 'No such object, or none the caller may view.' },
  405: { kind: 'method-not-allowed', model: ErrorAnswer, description: 'The path answers to other methods.' },
  406: {
    kind: 'not-acceptable',
    model: NotAcceptableAnswer,
    description: 'The Accept header names no version from 17 to 23.',
    details: { received: 'application/json' },
  },
  409: {
    kind: 'conflict',
    model: ErrorAnswer,
    description: 'The id or name is taken, or the object must remain.',
  },
  412: {
    kind: 'factor-owed',
    model: FactorOwedAnswer,
    description: 'A second factor is owed first.',
    details: { username: 'admin' },
  },
  413: { kind: 'too-large', model: ErrorAnswer, description: 'The body is too large.' },
  422: {
    kind: 'invalid',
    model: NotValidAnswer,
    description: 'A value is not acceptable.',
    details: { violations: [{ field: 'name', message: 'may not be null' }] },
  },
  429: { kind: 'throttled', model: ErrorAnswer, description: 'Wait for the seconds in Retry-After.' },
  500: { kind: 'internal', model: ErrorAnswer, description: 'An unexpected error.' },
  503: {
    kind: 'unavailable',
    model: ErrorAnswer,
    description: 'Try again after the seconds in Retry-After.',
  },
};

/** The errors one call can answer beside those every call can; the examples are what the error table writes. */
export function Refuses(...statuses: ErrorStatus[]): MethodDecorator {
  return applyDecorators(...statuses.map(refusal));
}

/** What every call but `/version` takes and can answer (appgate.md §3.6). For controllers. */
export function PeerCall(): ClassDecorator {
  return applyDecorators(
    ApiHeader({
      name: 'Accept',
      required: true,
      description: 'The peer version, 17 to 23.',
      schema: { type: 'string' },
      example: `application/vnd.appgate.peer-v${CURRENT_VERSION}+json`,
    }),
    ...([406, 500, 503] as const).map(refusal),
  );
}

/** The query parameters of a list and its envelope around items of a model (appgate.md §1.7). */
export function AnswersList(item: Model, listing: Listing): MethodDecorator {
  const text = (name: string, description: string, extra: object = {}) =>
    ApiQuery({ name, required: false, description, schema: { type: 'string', ...extra } });
  return applyDecorators(
    ApiExtraModels(item),
    ApiQuery({
      name: 'query',
      required: false,
      isArray: true,
      type: String,
      description: 'Substrings; all must match.',
    }),
    text('range', 'First and last item, zero-based, both included.', {
      pattern: '^\\d+-\\d+$',
      example: '0-10',
    }),
    text('orderBy', 'Field to order by.', { enum: [...listing.orders], default: listing.orderBy }),
    ApiQuery({
      name: 'descending',
      required: false,
      type: Boolean,
      description: 'Order the other way round.',
    }),
    ApiQuery({
      name: 'filterBy',
      required: false,
      style: 'deepObject',
      description: `Values contained in fields: ${listing.filters.join(', ')}. Also as \`?<field>=<value>\`.`,
      schema: { type: 'object', additionalProperties: { type: 'string' } },
    }),
    AnswersEnvelope(item),
  );
}

/** The envelope of a list around items of a model, for calls that take no list parameters. */
export function AnswersEnvelope(item: Model): MethodDecorator {
  return applyDecorators(
    ApiExtraModels(item),
    ApiResponse({ status: 200, description: 'The objects the caller may view.', schema: envelopeOf(item) }),
    Refuses(422),
  );
}

function refusal(status: ErrorStatus): ClassDecorator & MethodDecorator {
  const { kind, model, description, details } = REFUSALS[status];
  const { body, headers } = ERROR_BODIES[kind](
    new DomainError(kind, 'example', description, details),
    'POST',
  );
  const names = Object.entries(headers ?? {});
  return applyDecorators(
    ApiExtraModels(model),
    ApiResponse({
      status,
      description,
      headers: Object.fromEntries(
        names.map(([name, example]) => [name, { schema: { type: 'string' }, example }]),
      ),
      content: { 'application/json': { schema: { $ref: getSchemaPath(model) }, example: body } },
    }),
  );
}

function envelopeOf(item: Model) {
  const pair = {
    type: 'object',
    required: ['name', 'value'],
    properties: { name: { type: 'string' }, value: { type: 'string' } },
  };
  return {
    type: 'object',
    required: ['data', 'range', 'orderBy', 'descending', 'queries', 'totalCount', 'filterBy'],
    properties: {
      data: { type: 'array', items: { $ref: getSchemaPath(item) } },
      range: { type: 'string', example: '0-3/3' },
      orderBy: { type: 'string' },
      descending: { type: 'boolean' },
      queries: { type: 'array', items: { type: 'string' } },
      totalCount: { type: 'integer', description: 'What the caller may view, before query and filter.' },
      filterBy: { type: 'array', items: pair },
    },
  };
}
