import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Moment } from '../support/postgres-proxy.js';
import { TestClock } from '../support/sallyport.js';
import { FaultScene } from './fault-scene.js';
import { type DialectName, placesOf, Victim } from './statements.js';
import { strike } from './strike.js';

let scene: FaultScene;
let victim: Victim;
beforeAll(async () => {
  scene = await FaultScene.open({ clock: new TestClock() });
  victim = await Victim.make(scene, 'victim');
});
afterAll(() => scene.close());

describe.each<DialectName>(['appgate', 'vault'])('a sign-in at %s', (dialect) => {
  let places: ReturnType<typeof placesOf>;
  beforeAll(async () => {
    // What is prepared only once, such as keys that are read, has been done in the first.
    await victim.signIn(dialect, victim.freshCode());
    const heard = await scene.proxy.listen(async () =>
      expect(await victim.signIn(dialect, victim.freshCode())).toBe('token'),
    );
    places = placesOf(heard);
  });

  it('S91 consists of statements that can all be struck', () => {
    expect(places.length).toBeGreaterThan(10);
    expect(places.filter(({ statement }) => statement === 'COMMIT').length).toBeGreaterThan(1);
  });

  it.each<Moment>(['before', 'after'])(
    'S91 S17 whose connection is cut %s any of its statements answers rightly or 503, and its code gives one token at most',
    async (moment) => {
      let struck = 0;
      for (const place of places)
        struck += await strike(scene, victim, dialect, { ...place, moment, fate: 'cut' });
      // The background's own statements come and go.
      expect(struck).toBeGreaterThan(places.length * 0.7);
    },
    240_000,
  );

  it.each<Moment>(['before', 'after'])(
    'S91 S92 whose connection falls silent %s what its transactions end with answers 503 within the time of a statement',
    async (moment) => {
      const last = places.flatMap(({ statement }, index) =>
        statement === 'COMMIT' ? [places[moment === 'before' ? index - 1 : index]!] : [],
      );
      for (const place of last) await strike(scene, victim, dialect, { ...place, moment, fate: 'stall' });
    },
    240_000,
  );
});
