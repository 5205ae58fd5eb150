import { DomainError } from '@sallyport/platform';
import { describe, expect, it } from 'vitest';
import { NamedObjectFields } from './named-object-fields.js';
import {
  AnyObject,
  Flag,
  Nested,
  NestedList,
  Text,
  TextList,
  TextMap,
  Time,
  UserDnList,
  Uuid,
  Whole,
} from './field.js';
import { readFields } from './read-fields.js';

class Scope {
  @Flag()
  all: boolean = false;

  @TextList()
  ids: string[] = [];
}

class Privilege {
  @Text({ required: true, oneOf: ['All', 'View'] })
  type!: string;

  @Nested(() => Scope)
  scope?: Scope;
}

class Sample extends NamedObjectFields {
  @NestedList(() => Privilege, 2)
  privileges: Privilege[] = [];

  @Uuid({ required: true })
  deviceId!: string;

  @Flag()
  disabled: boolean = false;

  @Whole(0, 10)
  port: number = 5;

  @Time()
  lockStart?: Date;

  @UserDnList()
  exemptedUsers: string[] = [];

  @Text({ secret: true, min: 2, max: 4 })
  password?: string;

  @Text({ name: 'user' })
  username?: string;
}

class Free extends NamedObjectFields {
  @AnyObject()
  claims: object = { none: true };

  @TextMap()
  labels: Record<string, string> = {};
}

const DEVICE = '6D3C1A7E-0000-1000-8000-0000000000AB';
const good = { name: 'a', deviceId: DEVICE };
const read = (body: object) => readFields(Sample, { ...good, ...body });
const violations = (body: object) => {
  try {
    read(body);
  } catch (error) {
    return (error as DomainError).details.violations!.map(({ field, message }) => `${field} ${message}`);
  }
  return [];
};

describe('readFields', () => {
  it('fills in the defaults', () => {
    expect({ ...read({}) }).toEqual({
      name: 'a',
      deviceId: DEVICE.toLowerCase(),
      notes: '',
      tags: [],
      privileges: [],
      disabled: false,
      port: 5,
      exemptedUsers: [],
    });
  });

  it('takes null for absent', () => {
    expect(read({ notes: null, tags: null, port: null, disabled: null })).toEqual(read({}));
    expect(violations({ name: null })).toEqual(['name may not be null']);
  });

  it('S46 drops unknown and read-only fields', () => {
    const sent = {
      created: 'x',
      passwordHash: 'x',
      isAdmin: true,
      constructor: 1,
      toString: 2,
      hasOwnProperty: 3,
    };
    expect({ ...read(sent) }).toEqual({ ...read({}) });
  });

  it('S81 hands the content of a free field on as it was sent', () => {
    const claims = {
      a: null,
      constructor: 'x',
      deep: { constructor: { prototype: {} }, b: [null, { c: null }] },
    };
    const sent = { name: 'a', constructor: 1, claims, labels: { constructor: 'build', none: null } };
    const { claims: got, labels } = readFields(Free, sent);
    expect(JSON.stringify([got, labels])).toBe(JSON.stringify([claims, { constructor: 'build' }]));
    expect(readFields(Free, { name: 'a', claims: null, labels: null })).toMatchObject({
      claims: { none: true },
      labels: {},
    });
    const wrong = { name: 'a', claims: [], labels: { constructor: 5 } };
    expect(() => readFields(Free, wrong)).toThrow(
      expect.objectContaining({
        details: {
          violations: [
            { field: 'claims', message: 'must be an object' },
            { field: 'labels.constructor', message: 'must be a string' },
          ],
        },
      }),
    );
  });

  it('takes "" for absent only where clients send it', () => {
    expect(read({ notes: '' }).notes).toBe('');
    expect(violations({ name: '', username: '' })).toEqual([
      'username may not be empty',
      'name may not be empty',
    ]);
  });

  it('keeps the order of tags and drops repetitions', () => {
    expect(read({ tags: ['b', 'a', 'b', 'A'] }).tags).toEqual(['b', 'a', 'A']);
  });

  it('hands times on as instants', () => {
    expect(read({ lockStart: '2020-04-27T09:51:03Z' }).lockStart).toEqual(
      new Date(Date.UTC(2020, 3, 27, 9, 51, 3)),
    );
  });

  it('hands nested objects on with their defaults', () => {
    const { privileges } = read({ privileges: [{ type: 'All', scope: { all: true, more: 1 } }] });
    expect(JSON.stringify(privileges)).toBe('[{"type":"All","scope":{"all":true,"ids":[]}}]');
  });

  it.each<[object, string[]]>([
    [{ name: 1 }, ['name must be a string']],
    [{ name: '  ' }, ['name may not be empty']],
    [{ name: 'a\nb' }, ['name contains invalid characters']],
    [{ name: 'a'.repeat(256) }, ['name must be at most 255 characters']],
    [{ notes: 'a\u0000' }, ['notes contains invalid characters']],
    [{ notes: 'a\ud800' }, ['notes contains invalid characters']],
    [{ id: 'x' }, ['id must be a UUID']],
    [{ id: 7 }, ['id must be a string']],
    [{ deviceId: null }, ['deviceId may not be null']],
    [{ tags: 'a' }, ['tags must be an array']],
    [{ tags: { 0: 'a' } }, ['tags must be an array']],
    [
      { tags: ['a', 1, '', null, 'b'.repeat(65)] },
      [
        'tags[1] must be a string',
        'tags[2] may not be empty',
        'tags[3] may not be null',
        'tags[4] must be at most 64 characters',
      ],
    ],
    [{ disabled: 'true' }, ['disabled must be a boolean']],
    [{ port: '5' }, ['port must be a number']],
    [{ port: 1.5 }, ['port must be a number']],
    [{ port: 11 }, ['port must be between 0 and 10']],
    [{ lockStart: 'yesterday' }, ['lockStart must be a date-time']],
    [{ lockStart: 5 }, ['lockStart must be a string']],
    [{ exemptedUsers: ['CN=a,OU=b', 'x'] }, ['exemptedUsers[1] must be a distinguished name']],
    [{ password: 'a' }, ['password must be at least 2 characters']],
    [{ password: '😀😀😀😀😀' }, ['password must be at most 4 characters']],
    [{ username: 'a,b' }, ['username contains invalid characters']],
    [{ privileges: {} }, ['privileges must be an array']],
    [{ privileges: [{}, 'x'] }, ['privileges[1] must be an object', 'privileges[0].type may not be null']],
    [
      { privileges: [{ type: 'Edit', scope: { ids: ['', 'a'] } }] },
      ['privileges[0].type must be one of [All, View]', 'privileges[0].scope.ids[0] may not be empty'],
    ],
    [{ privileges: [{ type: 'All', scope: [] }] }, ['privileges[0].scope must be an object']],
    [{ privileges: [{}, {}, {}] }, ['privileges must be between 0 and 2']],
  ])('S81 refuses %j', (body, expected) => {
    expect(violations(body)).toEqual(expected);
  });

  it('lets a password hold any character', () => {
    expect(read({ password: ' \u0000 ' }).password).toBe(' \u0000 ');
  });

  it('reports every problem at once', () => {
    try {
      readFields(Sample, {});
    } catch (error) {
      expect((error as DomainError).details.violations).toEqual([
        { field: 'deviceId', message: 'may not be null' },
        { field: 'name', message: 'may not be null' },
      ]);
    }
    expect.assertions(1);
  });
});
