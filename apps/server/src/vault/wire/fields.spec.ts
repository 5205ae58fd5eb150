import type { FastifyRequest } from 'fastify';
import { describe, expect, it } from 'vitest';
import { Field, Required, Rule } from './field.js';
import { FIELD_WARNINGS, FieldsPipe } from './fields.js';
import { VaultError } from './vault-error.js';

class Sample {
  @Field.string({ required: true })
  @Required('name must be set')
  name!: string;

  @Field.int()
  @Rule('count', (value) => (value as number) < 10, 'count is too high')
  count = 3;

  @Field.duration()
  period?: number;

  @Field.duration({ negative: "'ttl' cannot be negative" })
  ttl?: number;

  @Field.secret()
  password?: string;
}

function take(
  body: Record<string, unknown>,
  path: Record<string, unknown> = {},
  query: Record<string, unknown> = {},
) {
  const request = {} as FastifyRequest;
  const dto = new FieldsPipe().transform(
    { request, body, path, query },
    { type: 'custom', metatype: Sample },
  );
  return { dto, warnings: request[FIELD_WARNINGS] };
}

function texts(body: Record<string, unknown>): string[] {
  try {
    take(body);
  } catch (error) {
    if (error instanceof VaultError) return error.errors;
    throw error;
  }
  return [];
}

describe('FieldsPipe', () => {
  it('coerces what was sent and keeps the defaults of what was not', () => {
    expect(take({ name: 'a', period: '5m', count: null }).dto).toEqual({ name: 'a', count: 3, period: 300 });
  });

  it('S46 takes no field the class does not declare', () => {
    expect(take({ name: 'a', id: 'x', isAdmin: true }).dto).toEqual({ name: 'a', count: 3 });
  });

  it('answers the first broken rule in the order of the fields', () => {
    expect(texts({ count: 11 })).toEqual(['name must be set']);
    expect(texts({ name: '', count: 11 })).toEqual(['name must be set']);
    expect(texts({ name: 'a', count: 11 })).toEqual(['count is too high']);
  });

  it('does not echo a value that does not convert', () => {
    expect(texts({ name: 'a', count: 'hunter2' })).toEqual([
      'Field validation failed: error converting input for field "count": expected an integer',
    ]);
    expect(texts({ name: 'a', period: -1 })).toEqual([
      'Field validation failed: error converting input for field "period": cannot be negative',
    ]);
    expect(texts({ name: 'a', ttl: -1 })).toEqual(["'ttl' cannot be negative"]);
  });

  it('refuses a NUL except in a secret', () => {
    expect(texts({ name: 'a\0' })).toEqual([
      'Field validation failed: error converting input for field "name": contains a NUL character',
    ]);
    expect(texts({ name: 'a', password: 'p\0' })).toEqual([]);
  });

  it('lets the path win over the body, and says so', () => {
    expect(take({ name: 'a', z: 1, b: 2 }, { name: 'p' })).toEqual({
      dto: { name: 'p', count: 3 },
      warnings: [
        'Endpoint ignored these unrecognized parameters: [b z]',
        "Endpoint replaced the value of these parameters with the values captured from the endpoint's path: [name]",
      ],
    });
  });

  it('ignores unknown query parameters silently', () => {
    expect(take({}, {}, { name: 'q', after: 'x' })).toEqual({ dto: { name: 'q', count: 3 }, warnings: [] });
  });
});
