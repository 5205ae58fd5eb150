import { DomainError } from '@sallyport/platform';
import { describe, expect, it } from 'vitest';
import { readListRequest, type QueryParameters } from './list-request.js';

const USERS = { orders: ['name', 'id'], filters: ['name', 'tags', 'type'], orderBy: 'name' };
const read = (parameters: QueryParameters) => readListRequest(parameters, USERS);
const violations = (parameters: QueryParameters) => {
  try {
    read(parameters);
  } catch (error) {
    return (error as DomainError).details.violations!.map(({ field, message }) => `${field} ${message}`);
  }
  return [];
};

describe('readListRequest', () => {
  it('asks for everything in the order of the list', () => {
    expect(read({})).toEqual({ queries: [], range: null, orderBy: 'name', descending: false, filters: [] });
    expect(readListRequest({}, { ...USERS, descending: true }).descending).toBe(true);
  });

  it('reads every parameter', () => {
    expect(read({ query: ['a', 'b'], range: '0-10', orderBy: 'id', descending: 'true' })).toEqual({
      queries: ['a', 'b'],
      range: { from: 0, to: 10 },
      orderBy: 'id',
      descending: true,
      filters: [],
    });
    expect(read({ query: 'a' }).queries).toEqual(['a']);
  });

  it.each<QueryParameters>([
    { tags: 'aws', name: 'big one' },
    { 'filterBy[tags]': 'aws', 'filterBy[name]': 'big one' },
    { filterBy: 'map[tags:aws name:big one]' },
    { filterBy: 'map[tags:aws unknown:x name:big one]', 'filterBy[other]': 'y', foo: 'z' },
  ])('reads the filters of %j', (parameters) => {
    expect(read(parameters).filters).toEqual([
      { name: 'tags', value: 'aws' },
      { name: 'name', value: 'big one' },
    ]);
  });

  it('reads an empty map and values with a colon', () => {
    expect(read({ filterBy: 'map[]' }).filters).toEqual([]);
    expect(read({ filterBy: 'map[tags:a:b]' }).filters).toEqual([{ name: 'tags', value: 'a:b' }]);
  });

  it.each<[QueryParameters, string]>([
    [{ range: 'abc' }, 'range contains invalid characters'],
    [{ range: '5' }, 'range contains invalid characters'],
    [{ range: '-1-5' }, 'range contains invalid characters'],
    [{ range: '' }, 'range contains invalid characters'],
    [{ range: '5-2' }, 'range is not applicable'],
    [{ range: ['0-1', '0-2'] }, 'range must be a string'],
    [{ orderBy: 'password' }, 'orderBy must be one of [name, id]'],
    [{ orderBy: 'name; drop table' }, 'orderBy must be one of [name, id]'],
    [{ orderBy: 'constructor' }, 'orderBy must be one of [name, id]'],
    [{ orderBy: ['name', 'id'] }, 'orderBy must be a string'],
    [{ descending: 'yes' }, 'descending must be a boolean'],
    [{ descending: ['true', 'true'] }, 'descending must be a string'],
    [{ filterBy: 'tags' }, 'filterBy must be an object'],
    [{ tags: ['a', 'b'] }, 'tags must be a string'],
    [{ query: 'a\u0000' }, 'query contains invalid characters'],
    [{ name: '\u0000' }, 'name contains invalid characters'],
  ])('S81 refuses %j', (parameters, expected) => {
    expect(violations(parameters)).toEqual([expected]);
  });

  it('S86 reads a hostile map in linear time', () => {
    const started = performance.now();
    read({ filterBy: `map[${' a'.repeat(50_000)}]` });
    expect(performance.now() - started).toBeLessThan(50);
  });
});
