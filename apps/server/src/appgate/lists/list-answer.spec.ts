import { expect, it } from 'vitest';
import { listAnswer } from './list-answer.js';

const request = {
  queries: ['a'],
  range: null,
  orderBy: 'name',
  descending: false,
  filters: [{ name: 'tags', value: 'aws' }],
};

it('writes the envelope key by key', () => {
  expect(JSON.stringify(listAnswer(request, { items: [{ name: 'a' }], total: 5, matching: 1 }))).toBe(
    '{"data":[{"name":"a"}],"range":"0-1/1","orderBy":"name","descending":false,"queries":["a"],"totalCount":5,' +
      '"filterBy":[{"name":"tags","value":"aws"}]}',
  );
});

it.each([
  [null, 14, '0-14/14'],
  [null, 0, '0-0/0'],
  [{ from: 0, to: 30 }, 54, '0-30/54'],
  [{ from: 0, to: 10 }, 3, '0-3/3'],
  [{ from: 2, to: 2 }, 3, '2-2/3'],
  [{ from: 9, to: 12 }, 3, '9-3/3'],
])('echoes the range %j of %i items as %s', (range, matching, echo) => {
  expect(listAnswer({ ...request, range }, { items: [], total: matching, matching }).range).toBe(echo);
});
