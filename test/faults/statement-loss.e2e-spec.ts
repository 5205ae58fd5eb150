import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestClock } from '../support/sallyport.js';
import { FaultScene } from './fault-scene.js';
import { placesOf, Victim } from './statements.js';
import { strike } from './strike.js';

let scene: FaultScene;
let victim: Victim;
beforeAll(async () => {
  scene = await FaultScene.open({ clock: new TestClock() });
  victim = await Victim.make(scene, 'victim');
});
afterAll(() => scene.close());

// Every statement, and connections that fall silent: in statement-loss.fault-spec.ts.
it.each(['appgate', 'vault'] as const)(
  'S91 S17 a connection lost around a COMMIT of a sign-in at %s answers 503, and the code gives one token at most',
  async (dialect) => {
    await victim.signIn(dialect, victim.freshCode());
    const heard = await scene.proxy.listen(() => victim.signIn(dialect, victim.freshCode()));
    const commits = placesOf(heard).filter(({ statement }) => statement === 'COMMIT');
    let struck = 0;
    for (const place of commits)
      for (const moment of ['before', 'after'] as const)
        struck += await strike(scene, victim, dialect, { ...place, moment, fate: 'cut' });
    // Its own two commits at least; others that were heard may have been the background's, and need not come again.
    expect(struck).toBeGreaterThanOrEqual(4);
  },
);
