import { Database, readEntities } from '@sallyport/platform';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Stage } from '../../../../test/support/stage.js';
import { ENTITIES } from './entities.js';

let stage: Stage;
beforeAll(async () => {
  stage = await Stage.open();
  await stage.addProtected('ada');
});
afterAll(() => stage.close());

it.each(ENTITIES.map((entity) => [entity.name, entity] as const))(
  'a prepared statement reads %s as its repository does',
  async (_, entity) => {
    const database = stage.first.app.get(Database, { strict: false });
    const read = await readEntities<object>(database, entity, 'true', []);
    const found = await database.manager.getRepository(entity).find();
    const sorted = (objects: object[]) => objects.map((object) => JSON.stringify(object)).toSorted();
    expect(read.every((object) => object instanceof entity)).toBe(true);
    expect(sorted(read)).toEqual(sorted(found));
  },
);
